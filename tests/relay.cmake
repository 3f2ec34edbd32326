# Tests of core/disk, core/wire and relay/.
add_library(daybook_sim_disk STATIC crash/disk_sim.cpp)
target_link_libraries(daybook_sim_disk PUBLIC daybook_options core_base core_disk)

daybook_test(test_disk_crash
  SOURCES crash/disk_crash_test.cpp
  USES core_disk daybook_sim_disk
  LABELS crash)

daybook_test(test_disk
  SOURCES
    unit/disk_crc32c_test.cpp
    unit/disk_log_test.cpp
    unit/disk_segment_test.cpp
  USES core_disk daybook_sim_disk
  LABELS unit)

daybook_test(test_relay
  SOURCES
    unit/relay_feeds_test.cpp
    unit/relay_index_test.cpp
    unit/relay_sequencer_test.cpp
    unit/relay_split_body_test.cpp
    unit/wire_answers_test.cpp
    unit/wire_notices_test.cpp
  USES core_wire core_wire_answers core_tlog daybook_relay_core daybook_sim_disk
  LABELS unit)

add_library(daybook_relay_process STATIC functional/relay_process.cpp)
target_link_libraries(daybook_relay_process PUBLIC daybook_test_support core_wire)
target_compile_definitions(daybook_relay_process PRIVATE DAYBOOK_BIN_DIR="${CMAKE_BINARY_DIR}/bin")

daybook_test(test_relay_http
  SOURCES functional/relay_http_test.cpp
  USES core_disk core_envelope core_wire daybook_relay_process
  BINARIES daybook-relay
  LABELS functional)

add_library(daybook_clock_shim SHARED support/clock_shim.cpp)
target_link_libraries(daybook_clock_shim PRIVATE daybook_options ${CMAKE_DL_LIBS})
daybook_test(test_relay_admission
  SOURCES functional/relay_admission_test.cpp
  USES core_envelope core_tlog core_wire core_wire_signature daybook_relay_process
  BINARIES daybook-relay daybook_clock_shim
  LABELS functional)
target_compile_definitions(test_relay_admission PRIVATE
  DAYBOOK_CLOCK_SHIM="$<TARGET_FILE:daybook_clock_shim>")
daybook_test(test_relay_feeds
  SOURCES functional/relay_feeds_test.cpp functional/relay_blobs_test.cpp
  USES core_envelope core_wire core_wire_signature daybook_relay_process
  BINARIES daybook-relay
  LABELS functional)
daybook_test(test_relay_backups
  SOURCES functional/relay_backups_test.cpp
  USES core_envelope core_wire core_wire_signature daybook_relay_process
  BINARIES daybook-relay
  LABELS functional)
daybook_test(test_relay_judge
  SOURCES functional/relay_judge_test.cpp
  USES core_envelope core_wire daybook_relay_process daybook_test_certificates
  BINARIES daybook-relay
  LABELS functional)
daybook_test(test_relay_crash
  SOURCES crash/relay_crash_test.cpp
  USES core_disk core_envelope core_wire daybook_relay_process
  BINARIES daybook-relay
  LABELS crash)

daybook_test(test_relay_symbols
  SOURCES functional/relay_symbols_test.cpp
  BINARIES daybook-relay
  LABELS functional)

daybook_test(test_relay_property
  SOURCES property/relay_log_property_test.cpp
  USES core_disk daybook_sim_disk
  LABELS property)

daybook_fuzzer(fuzz_segment SOURCES fuzz/fuzz_segment.cpp USES core_disk daybook_sim_disk)
daybook_fuzzer(fuzz_http_body SOURCES fuzz/fuzz_http_body.cpp
  USES core_envelope daybook_relay_core)
