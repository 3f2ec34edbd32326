# Tests of ledger-rebuild: rules, books, recovery, the program.
add_library(daybook_test_rebuild STATIC support/rebuild_fleet.cpp)
target_link_libraries(daybook_test_rebuild
  PUBLIC daybook_test_support core_envelope core_retail ledger_rebuild
  PRIVATE PkgConfig::SODIUM)

daybook_test(rebuild_unit
  SOURCES
    unit/rebuild_states_test.cpp
  USES daybook_test_rebuild core_sqlite core_disk
  LABELS unit)
daybook_test(rebuild_property
  SOURCES property/rebuild_property_test.cpp
  USES daybook_test_rebuild
  LABELS property)
