# Builds and runs the program in project/ in a folder of its own. WAY: `installed` or `subdirectory`. FORM: `minibert`
# or `compiled`. Fails if the library adds flags to its user's.
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
run(${CMAKE_COMMAND} -S ${CMAKE_CURRENT_LIST_DIR}/project -B ${work}/build -G Ninja ${where} -DFORM=${FORM}
    -DCMAKE_CXX_COMPILER=${CXX_COMPILER} -DCMAKE_EXPORT_COMPILE_COMMANDS=ON)
run(${CMAKE_COMMAND} --build ${work}/build)
run(${work}/build/program)

# ---- the installed compiled form by pkg-config ----
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
