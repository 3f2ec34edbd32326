# Tests of ledger-rebuild: rules, books, recovery, the program.
add_library(daybook_test_rebuild STATIC support/rebuild_fleet.cpp)
target_link_libraries(daybook_test_rebuild
  PUBLIC daybook_test_support core_envelope core_retail ledger_rebuild
  PRIVATE PkgConfig::SODIUM)

daybook_test(rebuild_unit
  SOURCES
    unit/rebuild_books_test.cpp
    unit/rebuild_head_office_test.cpp
    unit/rebuild_recover_test.cpp
    unit/rebuild_states_test.cpp
  USES daybook_test_rebuild core_sqlite
  LABELS unit)
daybook_test(rebuild_property
  SOURCES property/rebuild_property_test.cpp
  USES daybook_test_rebuild
  LABELS property)
daybook_test(rebuild_golden
  SOURCES golden/rebuild_posting_golden_test.cpp
  USES daybook_test_rebuild
  LABELS golden)
daybook_test(rebuild_program
  SOURCES functional/rebuild_program_test.cpp
  USES daybook_test_rebuild core_disk core_sqlite nlohmann_json::nlohmann_json
  LABELS functional
  BINARIES daybook-rebuild daybook-relay)
daybook_test(rebuild_kill
  SOURCES functional/rebuild_kill_test.cpp
  USES daybook_test_rebuild core_disk
  LABELS functional crash
  BINARIES daybook-rebuild)
