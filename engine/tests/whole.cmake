# Tests of the engine as a whole: what it promises through tl/engine.h.
if(NOT CMOCKA_FOUND OR NOT BUILD_TESTING)
  return()
endif()
set(FIXTURES
    support/check.c support/cover.c support/churn.c support/committers.c support/crowd.c support/faultio.c support/faultmem.c support/gate.c support/memdisk.c
    support/model.c support/pairs.c support/rig.c support/storm.c support/storm_configs.c support/storm_env.c
    support/storm_keys.c support/storm_many.c support/storm_ops.c support/storm_ranges.c support/storm_tell.c)
tl_library(tl_engine_fixtures ${FIXTURES} LIBS PkgConfig::CMOCKA)

foreach(test batch close compact copy cursor durability faults foreign grove hazards large large_many load leaf_modes many
        merge_many model page_map pairs ranges recovery savepoint trees txn txn_space)
  tl_test(test_${test} test_${test}.c LIBS tl_engine_fixtures tl_engine SECONDS 600)
endforeach()
foreach(test background groups threads)
  tl_test(test_${test} test_${test}.c LIBS tl_engine_fixtures tl_engine THREADED SECONDS 600)
endforeach()
tl_test(test_engine_mutants test_mutants.c LIBS tl_engine_fixtures tl_engine_mutants SECONDS 600)

# The real disk with a shim below it: the linker puts it between the engine and libc.
tl_test(test_short_calls test_short_calls.c support/syscalls.c LIBS tl_engine SECONDS 300)
if(TARGET test_short_calls)
  set(shimmed open fstat flock pread pwritev fdatasync fsync ftruncate fallocate rename unlink mmap madvise)
  list(TRANSFORM shimmed PREPEND "-Wl,--wrap=")
  target_link_options(test_short_calls PRIVATE ${shimmed})
endif()

# The acceptance scenarios, each over every row of options that two choices can meet in.
tl_library(tl_acceptance acceptance/acceptance.c LIBS tl_engine_fixtures tl_engine)
foreach(test ascending commits fingerprint large load random space)
  tl_test(test_accept_${test} acceptance/test_accept_${test}.c LIBS tl_acceptance SECONDS 600)
endforeach()

# Damage behind valid checksums.  As ordinary tests the targets run inputs of their own making; with
# TREELAB_FUZZ they are programs of libFuzzer, which ci/fuzz runs.
foreach(target page meta log)
  tl_test(test_fuzz_${target} fuzz/fuzz_${target}.c fuzz/damage.c fuzz/seeded.c
          LIBS tl_engine_fixtures tl_engine SECONDS 300)
  tl_fuzz_target(fuzz_${target} fuzz/fuzz_${target}.c fuzz/damage.c LIBS tl_engine_fixtures tl_engine)
endforeach()

# Measured by hand: ninja bench_open && engine/tests/bench_open
foreach(bench open many io)
  add_executable(bench_${bench} bench_${bench}.c)
  target_link_libraries(bench_${bench} PRIVATE tl_engine_fixtures tl_engine m)
endforeach()
