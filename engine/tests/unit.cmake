# The engine's unit tests, floor by floor.
if(CMOCKA_FOUND AND BUILD_TESTING)
  tl_library(tl_unit unit.c LIBS tl_engine PkgConfig::CMOCKA)
endif()
foreach(unit bytes bitmap checksum page_leaf page_branch page_check)
  tl_test(test_${unit} test_${unit}.c LIBS tl_unit)
endforeach()
