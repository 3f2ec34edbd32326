# bench_till: durable sales a second beside the disk's own rate, and the cost of a simulated till.
# bench_shelf: a till with a large catalog and a large journal.
# Of the sweep's library they take the one file that they need: building it all takes minutes.
set(measure ${CMAKE_SOURCE_DIR}/scripts/poc_scale/measure.cpp)
add_executable(bench_till EXCLUDE_FROM_ALL ${CMAKE_SOURCE_DIR}/scripts/bench/till_bench.cpp ${measure})
add_executable(bench_shelf EXCLUDE_FROM_ALL ${CMAKE_SOURCE_DIR}/scripts/bench/shelf_bench.cpp
  ${CMAKE_SOURCE_DIR}/scripts/bench/shelf_steps.cpp ${CMAKE_SOURCE_DIR}/tests/support/process.cpp ${measure})
foreach(bench bench_till bench_shelf)
  target_link_libraries(${bench} PRIVATE daybook_till CLI11::CLI11 nlohmann_json::nlohmann_json)
  target_include_directories(${bench} PRIVATE ${CMAKE_BINARY_DIR}/generated)
  add_dependencies(${bench} poc_scale_commit)
  set_target_properties(${bench} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)
endforeach()
