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

file(READ ${work}/build/compile_commands.json commands)
string(REGEX REPLACE "[^\n]*/include/minibert/compiled/[^\n]*\n" "" commands "${commands}") # the library itself
string(REGEX REPLACE " -fopenmp[^ ]*" "" commands "${commands}")
if(commands MATCHES " (-[fmOW][^ ]*)")
  message(FATAL_ERROR "the library adds ${CMAKE_MATCH_1} to its user's flags:\n${commands}")
endif()
