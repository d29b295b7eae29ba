# How every target of the project is compiled.

if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "" FORCE)
endif()

find_program(CCACHE ccache)
if(CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE})
endif()
find_program(MOLD mold)
if(MOLD)
  add_link_options(-fuse-ld=mold)
endif()

# The same answer from every build: no contraction of a*b+c, and never fast-math.
add_compile_options(-ffp-contract=off)

# Counting bits is an instruction of every x86 server since 2009, and a call where the compiler may not count on it.
if(CMAKE_SYSTEM_PROCESSOR STREQUAL x86_64 AND NOT CMAKE_CROSSCOMPILING AND NOT CMAKE_CXX_FLAGS MATCHES "-march=")
  include(CheckCXXSourceRuns)
  set(CMAKE_REQUIRED_FLAGS -march=x86-64-v2)
  check_cxx_source_runs("int main() { return __builtin_cpu_supports(\"sse4.2\") && __builtin_cpu_supports(\"popcnt\") ? 0 : 1; }"
                        LOCKSTEP_X86_64_V2)
  unset(CMAKE_REQUIRED_FLAGS)
  if(LOCKSTEP_X86_64_V2)
    add_compile_options(-march=x86-64-v2)
  endif()
endif()

# lockstep_library(NAME SOURCES... LINK targets...): a static library of one folder.
function(lockstep_library name)
  cmake_parse_arguments(arg "" "" "SOURCES;LINK" ${ARGN})
  add_library(${name} STATIC ${arg_SOURCES})
  target_include_directories(${name} PUBLIC ${CMAKE_SOURCE_DIR})
  target_link_libraries(${name} PUBLIC ${arg_LINK})
  lockstep_warnings(${name})
endfunction()

# lockstep_quick_build(SOURCES...): sources in which no time is spent, translated with less effort.
function(lockstep_quick_build)
  if(CMAKE_BUILD_TYPE STREQUAL Release)
    set_source_files_properties(${ARGN} PROPERTIES COMPILE_OPTIONS -O1)
  endif()
endfunction()

# GCC 12 sees overlapping copies in every std::string sum (its bug 105651): -Wrestrict is off.
function(lockstep_warnings name)
  target_compile_options(${name} PRIVATE -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wnon-virtual-dtor
    -Wno-restrict)
  if(LOCKSTEP_WARNINGS_AS_ERRORS)
    target_compile_options(${name} PRIVATE -Werror)
  endif()
endfunction()
