# bench_rebuild: the rebuild's rate beside libsodium's, and its writing beside SQLite's.
add_executable(bench_rebuild EXCLUDE_FROM_ALL ${CMAKE_SOURCE_DIR}/scripts/bench/rebuild_bench.cpp)
target_link_libraries(bench_rebuild PRIVATE ledger_rebuild core_disk core_sqlite poc_scale CLI11::CLI11
  nlohmann_json::nlohmann_json Threads::Threads)
set_target_properties(bench_rebuild PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)
