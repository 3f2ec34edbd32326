# bench_till: durable sales a second beside the disk's own rate, and the cost of a simulated till.
add_executable(bench_till EXCLUDE_FROM_ALL ${CMAKE_SOURCE_DIR}/scripts/bench/till_bench.cpp)
target_link_libraries(bench_till PRIVATE daybook_till poc_scale CLI11::CLI11 nlohmann_json::nlohmann_json)
set_target_properties(bench_till PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)
