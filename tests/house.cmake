# The house's own rules as tests: arrows between rooms, nothing in tests/ left unbuilt, docs that
# are true. Standard library only.
daybook_test(test_house
  SOURCES unit/house_arrows_test.cpp unit/house_files_test.cpp unit/house_docs_test.cpp
  USES core_base LABELS unit BINARIES daybook-relay daybook-rebuild daybook-till)
