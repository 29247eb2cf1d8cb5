# The pages half of the room: tables, pictures, report.html.
list(APPEND REPORT_SOURCES text.c extras.c suite.c groups.c picture.c tsv.c tsv_time.c tsv_engine.c tsv_measures.c
     tsv_crash.c duels.c tsv_effects.c html_duels.c series_file.c tsv_series.c tsv_heat.c tsv_calibration.c tsv_strategies.c tsv_pages.c html_calibration.c html_series.c tsv_fill.c tsv_tradeoff.c tsv_space.c html_space.c html_data.c pieces.c plot.c svg.c html.c html_style.c html_head.c html_answer.c html_origin.c html_bench.c html_engine.c
     html_crash.c html_faults.c html_limits.c html_matrix.c junit.c)

# These tests share made-up runs, so they are not in REPORT_TESTS, which is one file each.
foreach(test tables page charts)
  tl_test(test_report_${test} tests/test_report_${test}.c tests/sample.c tests/suite_fixture.c LIBS tl_report)
endforeach()
tl_test(test_report_command tests/test_report_command.c tests/sample.c tests/suite_fixture.c ../cli/cmd_report.c
        LIBS tl_report tl_cli tl_engine)
if(TARGET test_report_command)
  target_compile_definitions(test_report_command PRIVATE
                             TREELAB_PLOTS_DIR="${PROJECT_SOURCE_DIR}/plots")
endif()

# The page in a browser; skipped, and ctest says so, where none is installed.
if(BUILD_TESTING)
  add_test(NAME test_report_browser COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/tests/browser.sh
           $<TARGET_FILE:treelab> ${PROJECT_SOURCE_DIR}/plots)
  set_tests_properties(test_report_browser PROPERTIES SKIP_RETURN_CODE 77 TIMEOUT 300)
endif()
