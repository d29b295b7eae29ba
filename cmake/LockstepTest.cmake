# lockstep_unit_test(NAME SOURCES... LINK targets...): a GoogleTest program without MPI.
function(lockstep_unit_test name)
  cmake_parse_arguments(arg "" "" "SOURCES;LINK" ${ARGN})
  add_executable(${name} ${arg_SOURCES})
  lockstep_quick_build(${arg_SOURCES})
  target_link_libraries(${name} PRIVATE ${arg_LINK} GTest::gtest_main)
  lockstep_warnings(${name})
  add_test(NAME ${name} COMMAND ${name})
  set_tests_properties(${name} PROPERTIES LABELS unit TIMEOUT 300)
endfunction()

# lockstep_ranks_test(NAME RANKS n... SOURCES... LINK targets...): a GoogleTest program that is run under
# the MPI launcher once for every rank count.
function(lockstep_ranks_test name)
  cmake_parse_arguments(arg "" "" "RANKS;SOURCES;LINK" ${ARGN})
  add_executable(${name} ${arg_SOURCES} ${CMAKE_SOURCE_DIR}/tests/ranks/main.cpp)
  lockstep_quick_build(${arg_SOURCES})
  target_link_libraries(${name} PRIVATE ${arg_LINK} GTest::gtest)
  lockstep_warnings(${name})
  foreach(ranks IN LISTS arg_RANKS)
    add_test(NAME ${name}_np${ranks} COMMAND ${LOCKSTEP_MPIRUN} -n ${ranks} $<TARGET_FILE:${name}>)
    set_tests_properties(${name}_np${ranks} PROPERTIES
      LABELS ranks TIMEOUT 300 PROCESSORS 2 ENVIRONMENT "${LOCKSTEP_MPI_ENVIRONMENT}")
  endforeach()
endfunction()
