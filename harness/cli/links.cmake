# `links`: the agent of this build, linked in several seeded orders, for duels and gates.
#
# Two builds of equal source differ by 1 to 3 % of time for as long as they exist, because of where
# the linker put things.  Launches that take turns among links in other orders see that as spread.
# Built only when asked for: build/treelab.links/link0.. and `list`, which says how.
set(TREELAB_LINKS 8 CACHE STRING "how many links the target `links` makes, 2 to 16")

find_program(TREELAB_LLD ld.lld) # the linker that shuffles; Debian's package lld
mark_as_advanced(TREELAB_LLD)
if(NOT TREELAB_LLD OR TREELAB_SANITIZE)
  return()
endif()
set(how plain)
if(TREELAB_WHOLE_PROGRAM)
  set(how whole)
endif()
add_executable(treelab-links EXCLUDE_FROM_ALL agent_main.c $<TARGET_OBJECTS:tl_commands>)
# CMake's link command goes through links.sh, which makes several of it.
set_target_properties(treelab-links PROPERTIES
  OUTPUT_NAME link0
  RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/treelab.links
  LINK_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/links.sh
  RULE_LAUNCH_LINK "${CMAKE_CURRENT_SOURCE_DIR}/links.sh ${how} ${TREELAB_LINKS}")
target_link_options(treelab-links PRIVATE $<$<BOOL:${TREELAB_WHOLE_PROGRAM}>:-flto=auto>)
target_link_libraries(treelab-links PRIVATE "$<LINK_GROUP:RESCAN,${rooms}>")
# Links older than their program are stale, so they are dated when both are there.
add_custom_target(links
                  COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/links.sh date ${PROJECT_BINARY_DIR}/treelab.links
                  VERBATIM)
add_dependencies(links treelab treelab-links)
if(BUILD_TESTING)
  add_test(NAME test_links_script COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/tests/test_links.sh
           ${CMAKE_CURRENT_SOURCE_DIR}/links.sh ${CMAKE_C_COMPILER})
endif()
