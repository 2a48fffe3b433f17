# Builds and runs the program in project/ in a folder of its own. WAY: `installed` or `subdirectory`. FORM: `minibert`
# or `compiled`. Fails if the library adds optimization, machine or warning flags to its user's program.
set(work ${MINIBERT_BINARY_DIR}/tests/consume/${WAY}-${FORM})
file(REMOVE_RECURSE ${work})
unset(ENV{CXXFLAGS})

function(run)
  execute_process(COMMAND ${ARGV} COMMAND_ERROR_IS_FATAL ANY)
endfunction()

if(WAY STREQUAL "installed")
  run(${CMAKE_COMMAND} --install ${MINIBERT_BINARY_DIR} --prefix ${work}/prefix)
  set(where -DCMAKE_PREFIX_PATH=${work}/prefix)
else()
  set(where -DMINIBERT_SOURCE_DIR=${MINIBERT_SOURCE_DIR})
endif()
# configure(BUILD EXPECTED [OPTIONS]): configures the project in a folder. Fails unless the output matches EXPECTED.
function(configure build expected)
  execute_process(COMMAND ${CMAKE_COMMAND} -S ${CMAKE_CURRENT_LIST_DIR}/project -B ${work}/${build} -G Ninja ${where}
                          -DFORM=${FORM} -DCMAKE_CXX_COMPILER=${CXX_COMPILER} ${ARGN}
                  OUTPUT_VARIABLE output ERROR_VARIABLE output COMMAND_ECHO STDOUT COMMAND_ERROR_IS_FATAL ANY)
  string(REPLACE "\n" " " line "${output}")
  if(NOT line MATCHES "${expected}")
    message(FATAL_ERROR "expected '${expected}' in the output of cmake:\n${output}")
  endif()
endfunction()

configure(build "CMAKE_BUILD_TYPE is not set" -DCMAKE_EXPORT_COMPILE_COMMANDS=ON)
run(${CMAKE_COMMAND} --build ${work}/build)
run(${work}/build/program)

# ---- if a dependency is missing, the package says so, and still provides the form that works without it ----
if(WAY STREQUAL "installed" AND FORM STREQUAL "minibert")
  configure(without_openmp "minibert::minibert will run on one thread.*there is no minibert::compiled"
            -DCMAKE_DISABLE_FIND_PACKAGE_OpenMP=ON)
  configure(without_zlib "no zlib found.*built with zlib.*there is no minibert::compiled"
            -DCMAKE_DISABLE_FIND_PACKAGE_ZLIB=ON)
endif()

# ---- a user can export a library that links minibert from a subdirectory ----
if(WAY STREQUAL "subdirectory")
  configure(exported "Generating done" -DMINIBERT_INSTALL=ON -DEXPORTS=ON)
endif()

# ---- pkg-config finds the installed compiled form ----
find_program(PKG_CONFIG_PROGRAM pkg-config)
if(WAY STREQUAL "installed" AND FORM STREQUAL "compiled" AND PKG_CONFIG_PROGRAM)
  file(GLOB_RECURSE packages ${work}/prefix/*/minibert-compiled.pc)
  get_filename_component(folder "${packages}" DIRECTORY)
  set(ENV{PKG_CONFIG_PATH} ${folder})
  execute_process(COMMAND ${PKG_CONFIG_PROGRAM} --define-prefix --cflags --libs minibert-compiled
                  OUTPUT_VARIABLE flags OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
  separate_arguments(flags)
  file(GLOB sources ${CMAKE_CURRENT_LIST_DIR}/project/*.cpp)
  run(${CXX_COMPILER} -std=c++20 ${sources} ${flags} -o ${work}/by_pkg_config)
  run(${work}/by_pkg_config)
endif()

file(READ ${work}/build/compile_commands.json commands)
string(REGEX REPLACE "[^\n]*/include/minibert/compiled/[^\n]*\n" "" commands "${commands}") # the library itself
string(REGEX REPLACE " -fopenmp[^ ]*" "" commands "${commands}")
if(commands MATCHES " (-[fmOW][^ ]*)")
  message(FATAL_ERROR "the library adds ${CMAKE_MATCH_1} to its user's flags:\n${commands}")
endif()
