# streamd_add_driver(name SOURCES file... [LINK library...])
#
# A target streamd-driver-<name> that makes libstreamd-<name>.so as the host wants it:
# - exactly one exported symbol, streamd_driver_v1. -fvisibility=hidden alone is not enough: it
#   leaves GNU_UNIQUE symbols, through which two drivers would share their static variables;
# - no symbol left to be found in the host (-z defs), all found at load time (-z now);
# - no RPATH, no version in the file name.
function(streamd_add_driver name)
  cmake_parse_arguments(ARG "" "" "SOURCES;LINK" ${ARGN})
  if(NOT name MATCHES "^[a-z0-9_]+$")
    message(FATAL_ERROR "streamd_add_driver: the name \"${name}\" must match [a-z0-9_]+")
  endif()
  if(NOT ARG_SOURCES OR ARG_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "streamd_add_driver(${name} SOURCES file... [LINK library...])")
  endif()
  set(target streamd-driver-${name})
  set(map ${CMAKE_CURRENT_FUNCTION_LIST_DIR}/streamd_driver.map)
  add_library(${target} MODULE ${ARG_SOURCES})
  target_link_libraries(${target} PRIVATE streamd::sdk ${ARG_LINK})
  set_target_properties(${target} PROPERTIES
    PREFIX "" OUTPUT_NAME libstreamd-${name} SUFFIX .so
    C_VISIBILITY_PRESET hidden CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON
    POSITION_INDEPENDENT_CODE ON SKIP_BUILD_RPATH ON
    LINK_DEPENDS ${map})
  target_link_options(${target} PRIVATE
    "LINKER:--version-script=${map}" "LINKER:-z,now")
  # The sanitizers' runtime is found in the host by design.
  if(NOT "${CMAKE_C_FLAGS} ${CMAKE_CXX_FLAGS}" MATCHES "-fsanitize")
    target_link_options(${target} PRIVATE "LINKER:-z,defs")
  endif()
  set_property(GLOBAL APPEND PROPERTY STREAMD_DRIVERS ${target})
endfunction()
