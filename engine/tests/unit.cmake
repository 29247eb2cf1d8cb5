# The engine's unit tests, floor by floor.
if(CMOCKA_FOUND AND BUILD_TESTING)
  tl_library(tl_unit unit.c golden.c LIBS tl_engine PkgConfig::CMOCKA)
endif()
foreach(unit bytes bitmap checksum page_leaf page_freelist page_sidecar page_soft page_branch page_check search split space log log_recovery meta
        meta_flips options_open outside format_golden format_bytes)
  tl_test(test_${unit} test_${unit}.c LIBS tl_unit SECONDS 300)
endforeach()
