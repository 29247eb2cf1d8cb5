# The engine's unit tests, floor by floor.
if(CMOCKA_FOUND AND BUILD_TESTING)
  tl_library(tl_unit unit.c golden.c LIBS tl_engine PkgConfig::CMOCKA)
endif()
foreach(unit bytes bitmap checksum page_leaf page_freelist page_sidecar page_soft page_dense page_branch page_check search split arena space space_policies log log_recovery meta
        meta_flips options_open outside format_golden)
  tl_test(test_${unit} test_${unit}.c LIBS tl_unit SECONDS 300)
endforeach()
tl_test(test_format_bytes test_format_bytes.c by_hand.c by_hand_pages.c by_hand_log.c LIBS tl_unit SECONDS 300)

# The example of an own strategy is built as an outsider builds it: with the public headers alone.
if(CMOCKA_FOUND AND BUILD_TESTING)
  add_library(example_strategy OBJECT ${PROJECT_SOURCE_DIR}/engine/example/strategy.c)
  target_compile_options(example_strategy PRIVATE -Wall -Wextra -Wpedantic -Wshadow -Wconversion
                                                  -Werror)
  target_include_directories(example_strategy PRIVATE ${PROJECT_SOURCE_DIR}/engine/include)
  tl_test(test_strategies test_strategies.c $<TARGET_OBJECTS:example_strategy> LIBS tl_unit SECONDS
          300)
endif()
