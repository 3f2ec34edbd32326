# Tests of ledger-rebuild: rules, books, recovery, the program.
add_library(daybook_test_rebuild STATIC support/rebuild_fleet.cpp)
target_link_libraries(daybook_test_rebuild
  PUBLIC daybook_test_support core_envelope core_retail ledger_rebuild
  PRIVATE PkgConfig::SODIUM)

daybook_test(test_rebuild
  SOURCES
    unit/rebuild_books_test.cpp
    unit/rebuild_completeness_test.cpp
    unit/rebuild_figures_test.cpp
    unit/rebuild_head_office_test.cpp
    unit/rebuild_log_heads_test.cpp
    unit/rebuild_operators_test.cpp
    unit/rebuild_march_test.cpp
    unit/rebuild_periods_test.cpp
    unit/rebuild_sealed_test.cpp
    unit/rebuild_states_test.cpp
  USES daybook_test_rebuild core_sqlite nlohmann_json::nlohmann_json
  LABELS unit)
daybook_test(test_rebuild_rotations
  SOURCES unit/rebuild_rotations_test.cpp
  USES daybook_test_rebuild core_disk core_sqlite
  LABELS unit)
daybook_test(test_rebuild_points
  SOURCES unit/rebuild_points_test.cpp
  USES daybook_test_rebuild core_disk core_sqlite
  LABELS unit)
daybook_test(test_points_race
  SOURCES functional/points_race_test.cpp
  USES daybook_test_rebuild daybook_test_certificates core_disk core_wire
  LABELS functional crash
  BINARIES daybook-rebuild)
daybook_test(test_points_program
  SOURCES functional/points_program_test.cpp
  USES daybook_till_api nlohmann_json::nlohmann_json
  LABELS functional crash
  BINARIES daybook-rebuild daybook-relay daybook-till)
daybook_test(test_rebuild_property
  SOURCES property/rebuild_property_test.cpp
  USES daybook_test_rebuild
  LABELS property)
daybook_test(test_rebuild_valuation
  SOURCES
    property/rebuild_valuation_property_test.cpp
    unit/rebuild_settings_test.cpp
    unit/rebuild_valuation_test.cpp
  USES daybook_test_rebuild core_sqlite nlohmann_json::nlohmann_json
  LABELS unit property)
daybook_test(test_rebuild_products
  SOURCES
    property/rebuild_products_property_test.cpp
    unit/product_groups_test.cpp
    unit/rebuild_products_test.cpp
  USES daybook_test_rebuild core_sqlite
  LABELS unit property)
daybook_test(test_products_program
  SOURCES functional/products_program_test.cpp
  USES core_base nlohmann_json::nlohmann_json
  LABELS functional
  BINARIES daybook-till daybook-relay daybook-rebuild)
daybook_test(test_rebuild_golden
  SOURCES golden/rebuild_posting_golden_test.cpp
  USES daybook_test_rebuild
  LABELS golden)
daybook_test(test_rebuild_program
  SOURCES functional/rebuild_program_test.cpp
  USES daybook_test_rebuild core_disk core_sqlite nlohmann_json::nlohmann_json
  LABELS functional
  BINARIES daybook-rebuild daybook-relay)
daybook_test(test_rebuild_export
  SOURCES functional/rebuild_export_test.cpp
  USES daybook_test_rebuild core_disk core_sqlite nlohmann_json::nlohmann_json
  LABELS functional
  BINARIES daybook-rebuild daybook-relay)
daybook_test(test_rebuild_reconcile
  SOURCES functional/rebuild_reconcile_test.cpp
  USES daybook_test_rebuild core_disk nlohmann_json::nlohmann_json
  LABELS functional
  BINARIES daybook-rebuild)
daybook_test(test_rebuild_close
  SOURCES functional/rebuild_close_test.cpp
  USES daybook_test_rebuild daybook_relay_process core_disk core_wire
  LABELS functional
  BINARIES daybook-rebuild daybook-relay)
daybook_test(test_keys
  SOURCES functional/keys_test.cpp
  USES daybook_test_rebuild daybook_relay_process core_disk core_wire nlohmann_json::nlohmann_json
  LABELS functional
  BINARIES daybook-rebuild daybook-relay daybook-till)
daybook_test(test_rebuild_kill
  SOURCES functional/rebuild_kill_test.cpp
  USES daybook_test_rebuild core_disk
  LABELS functional crash
  BINARIES daybook-rebuild)
daybook_test(test_rebuild_postgres
  SOURCES functional/rebuild_postgres_test.cpp
  USES daybook_test_rebuild daybook_test_postgres core_disk nlohmann_json::nlohmann_json
  LABELS functional
  BINARIES daybook-rebuild)
daybook_test(test_notices
  SOURCES functional/notices_test.cpp
  USES daybook_test_support daybook_relay_process core_disk core_wire nlohmann_json::nlohmann_json
  LABELS functional
  BINARIES daybook-rebuild daybook-relay daybook-till)
daybook_test(test_notices_property
  SOURCES property/notices_property_test.cpp unit/notice_carrier_test.cpp
  USES daybook_test_rebuild daybook_till daybook_till_api
  LABELS property)
