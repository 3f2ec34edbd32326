# bench_peers: the relay's rate beside that of servers that others built for such work.
set(peers ${CMAKE_SOURCE_DIR}/scripts/bench/peers)
add_executable(bench_peers EXCLUDE_FROM_ALL ${CMAKE_SOURCE_DIR}/scripts/bench/peers_bench.cpp
  ${CMAKE_SOURCE_DIR}/scripts/bench/bench_support.cpp
  ${peers}/ask.cpp ${peers}/child.cpp ${peers}/load.cpp ${peers}/nats_peer.cpp ${peers}/peer.cpp ${peers}/postgres_child.cpp
  ${peers}/postgres_peer.cpp ${peers}/redis_peer.cpp ${peers}/relay_peer.cpp ${peers}/report.cpp
  ${peers}/sample.cpp ${peers}/sync_count.cpp)
target_link_libraries(bench_peers PRIVATE daybook_options core_base core_disk core_envelope core_wire daybook_relay_core
  poc_scale CLI11::CLI11 nlohmann_json::nlohmann_json)
add_dependencies(bench_peers daybook-relay)
set_target_properties(bench_peers PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)
