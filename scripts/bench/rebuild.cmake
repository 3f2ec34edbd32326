# bench_rebuild: the rebuild's rate beside libsodium's, and its writing beside SQLite's.
set(rebuild_bench ${CMAKE_SOURCE_DIR}/scripts/bench)
add_library(bench_rebuild_fleet STATIC EXCLUDE_FROM_ALL ${rebuild_bench}/rebuild_fleet.cpp)
target_link_libraries(bench_rebuild_fleet PUBLIC ledger_rebuild core_disk core_tlog Threads::Threads)
add_executable(bench_rebuild EXCLUDE_FROM_ALL ${rebuild_bench}/rebuild_bench.cpp)
target_link_libraries(bench_rebuild PRIVATE bench_rebuild_fleet core_sqlite poc_scale CLI11::CLI11
  nlohmann_json::nlohmann_json)
# bench_copy: a replay beside PostgreSQL's COPY and GROUP BY of the same summaries.
add_executable(bench_copy EXCLUDE_FROM_ALL ${rebuild_bench}/copy_bench.cpp
  ${rebuild_bench}/peers/child.cpp ${rebuild_bench}/peers/postgres_child.cpp)
target_link_libraries(bench_copy PRIVATE bench_rebuild_fleet core_postgres poc_scale CLI11::CLI11
  nlohmann_json::nlohmann_json)
set_target_properties(bench_rebuild bench_copy PROPERTIES
  RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)
