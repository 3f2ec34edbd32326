# bench_relay: the relay's rate beside the disk's, through the real process.
add_executable(bench_relay EXCLUDE_FROM_ALL ${CMAKE_SOURCE_DIR}/scripts/bench/relay_bench.cpp
  ${CMAKE_SOURCE_DIR}/scripts/bench/bench_support.cpp
  ${CMAKE_SOURCE_DIR}/tests/support/process.cpp)
target_link_libraries(bench_relay PRIVATE daybook_options core_base core_disk core_envelope core_wire
  poc_scale CLI11::CLI11 nlohmann_json::nlohmann_json)
add_dependencies(bench_relay daybook-relay)
set_target_properties(bench_relay PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)
