# Configures the library, installs its headers and configures a user's project, with stand-ins for several versions of
# Eigen. 3.4 and later are accepted; older versions are refused with an error that names the version. Each stand-in has
# a version file as Eigen installs it, which refuses requests for another major version.
include(CMakePackageConfigHelpers)
file(REMOVE_RECURSE ${WORK})

# eigen(VERSION): writes a package of this version to ${WORK}/eigen-VERSION.
function(eigen version)
  set(folder ${WORK}/eigen-${version})
  file(WRITE ${folder}/Eigen3Config.cmake "if(NOT TARGET Eigen3::Eigen)
  add_library(Eigen3::Eigen INTERFACE IMPORTED)
endif()\n")
  write_basic_package_version_file(${folder}/Eigen3ConfigVersion.cmake VERSION ${version}
                                   COMPATIBILITY SameMajorVersion ARCH_INDEPENDENT)
endfunction()

# configure(SOURCE BUILD VERSION EXPECTED [OPTIONS]): configures a project with this version of Eigen. EXPECTED: the
# result must be `accepted`, or an error whose text matches EXPECTED.
function(configure source build version expected)
  execute_process(COMMAND ${CMAKE_COMMAND} -S ${source} -B ${WORK}/${build} -G Ninja
                          -DCMAKE_CXX_COMPILER=${CXX_COMPILER} -DEigen3_DIR=${WORK}/eigen-${version} ${ARGN}
                  OUTPUT_VARIABLE output ERROR_VARIABLE output RESULT_VARIABLE result)
  string(REGEX REPLACE "[ \n]+" " " line "${output}")
  if(result EQUAL 0)
    set(line accepted)
  endif()
  if(NOT line MATCHES "${expected}")
    message(FATAL_ERROR "Eigen ${version}, ${build}: expected '${expected}', found:\n${output}")
  endif()
endfunction()

set(refused "found Eigen 3.3.9 in [^ ]*eigen-3.3.9, expected 3.4 or later")
set(library -DMINIBERT_BUILD_TESTS=OFF -DMINIBERT_BUILD_EXAMPLES=OFF -DMINIBERT_INSTALL_COMPILED=OFF)
foreach(version IN ITEMS 3.3.9 3.4.0 3.4.90 5.0.0 5.1.2)
  eigen(${version})
  set(expected accepted)
  if(version STREQUAL "3.3.9")
    set(expected "${refused}")
  endif()
  configure(${MINIBERT_SOURCE_DIR} library-${version} ${version} "${expected}" ${library})
endforeach()

execute_process(COMMAND ${CMAKE_COMMAND} --install ${WORK}/library-5.0.0 --prefix ${WORK}/prefix
                COMMAND_ERROR_IS_FATAL ANY OUTPUT_QUIET)
set(user -DCMAKE_PREFIX_PATH=${WORK}/prefix -DFORM=minibert)
configure(${CMAKE_CURRENT_LIST_DIR}/project user-5.0.0 5.0.0 accepted ${user})
configure(${CMAKE_CURRENT_LIST_DIR}/project user-3.4.0 3.4.0 accepted ${user})
configure(${CMAKE_CURRENT_LIST_DIR}/project user-3.3.9 3.3.9 "${refused}" ${user})
