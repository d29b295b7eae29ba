option(LOCKSTEP_TESTS_AT_ONCE "translate all files of a test program at once: a first build is faster" OFF)

# Half of a test file's translation is reading headers, and little time is spent in it when it runs.
function(lockstep_test_build name)
  target_compile_options(${name} PRIVATE $<$<CONFIG:Release>:-O1>)
  set_target_properties(${name} PROPERTIES UNITY_BUILD ${LOCKSTEP_TESTS_AT_ONCE} UNITY_BUILD_BATCH_SIZE 0)
endfunction()

# lockstep_unit_test(NAME SOURCES... LINK targets...): a GoogleTest program without MPI.
function(lockstep_unit_test name)
  cmake_parse_arguments(arg "" "" "SOURCES;LINK" ${ARGN})
  add_executable(${name} ${arg_SOURCES})
  lockstep_test_build(${name})
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
  lockstep_test_build(${name})
  target_link_libraries(${name} PRIVATE ${arg_LINK} GTest::gtest)
  lockstep_warnings(${name})
  foreach(ranks IN LISTS arg_RANKS)
    add_test(NAME ${name}_np${ranks} COMMAND ${LOCKSTEP_MPIRUN} -n ${ranks} $<TARGET_FILE:${name}>)
    set_tests_properties(${name}_np${ranks} PROPERTIES
      LABELS ranks TIMEOUT 300 PROCESSORS 2 ENVIRONMENT "${LOCKSTEP_MPI_ENVIRONMENT}")
  endforeach()
endfunction()
