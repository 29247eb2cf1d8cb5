# The pages half of the room: tables, pictures, report.html.
list(APPEND REPORT_SOURCES text.c suite.c groups.c picture.c tsv.c tsv_time.c tsv_engine.c tsv_measures.c
     tsv_crash.c plot.c svg.c html.c html_style.c html_head.c html_bench.c html_engine.c
     html_crash.c html_faults.c html_limits.c html_matrix.c junit.c)

# These tests share made-up runs, so they are not in REPORT_TESTS, which is one file each.
foreach(test tables page)
  tl_test(test_report_${test} tests/test_report_${test}.c tests/sample.c LIBS tl_report)
endforeach()
tl_test(test_report_command tests/test_report_command.c tests/sample.c ../cli/cmd_report.c
        LIBS tl_report tl_cli tl_engine)
if(TARGET test_report_command)
  target_compile_definitions(test_report_command PRIVATE
                             TREELAB_PLOTS_DIR="${PROJECT_SOURCE_DIR}/plots")
endif()
