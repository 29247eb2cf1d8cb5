# Write OUTPUT, a header with the git revision of SOURCE; untouched when nothing changed.
#   cmake -D SOURCE=<work tree> -D OUTPUT=<header> -P revision.cmake
# Dirty means that files the program is built from differ from the revision.
set(git git -c safe.directory=${SOURCE} -C ${SOURCE})
execute_process(COMMAND ${git} rev-parse --short=12 HEAD
                OUTPUT_VARIABLE revision OUTPUT_STRIP_TRAILING_WHITESPACE
                RESULT_VARIABLE failed ERROR_QUIET)
if(failed)
  set(revision unknown)
  set(dirty -1)
else()
  execute_process(COMMAND ${git} status --porcelain -- engine workloads harness CMakeLists.txt
                  OUTPUT_VARIABLE changes OUTPUT_STRIP_TRAILING_WHITESPACE
                  RESULT_VARIABLE failed ERROR_QUIET)
  if(failed)
    set(dirty -1)
  elseif(changes STREQUAL "")
    set(dirty 0)
  else()
    set(dirty 1)
  endif()
endif()

set(text "#define TL_REVISION \"${revision}\"\n#define TL_REVISION_DIRTY (${dirty}) /* -1: unknown */\n")
if(EXISTS ${OUTPUT})
  file(READ ${OUTPUT} old)
endif()
if(NOT text STREQUAL "${old}")
  file(WRITE ${OUTPUT} "${text}")
endif()
