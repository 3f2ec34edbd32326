# Tests of scripts/poc_scale: the auditor, the receipts file, and the sweep by its program.
daybook_test(test_sweep_unit
  SOURCES unit/auditor_test.cpp unit/receipts_file_test.cpp
  USES poc_scale_auditor LABELS unit)
daybook_test(test_sweep_functional
  SOURCES functional/sweep_test.cpp
  USES core_base nlohmann_json::nlohmann_json LABELS functional
  BINARIES daybook-rebuild daybook-relay)
