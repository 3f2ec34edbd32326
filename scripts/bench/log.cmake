# bench_log: start-up and reading of a large log, and its index.
add_executable(bench_log EXCLUDE_FROM_ALL ${CMAKE_SOURCE_DIR}/scripts/bench/log_bench.cpp
  ${CMAKE_SOURCE_DIR}/scripts/bench/bench_support.cpp
  ${CMAKE_SOURCE_DIR}/tests/support/process.cpp)
target_link_libraries(bench_log PRIVATE daybook_options core_base core_disk core_envelope core_wire
  daybook_relay_core poc_scale CLI11::CLI11 nlohmann_json::nlohmann_json)
add_dependencies(bench_log daybook-relay)
set_target_properties(bench_log PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)
