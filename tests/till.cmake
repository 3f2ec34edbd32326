# Tests of till/.
daybook_test(test_till
  SOURCES unit/till_test.cpp unit/till_outbox_test.cpp unit/till_sender_test.cpp
    unit/till_files_test.cpp unit/till_opening_test.cpp unit/till_check_test.cpp unit/till_documents_test.cpp
    unit/till_layaway_test.cpp unit/till_movements_test.cpp
    unit/till_open_receipt_test.cpp
    unit/till_key_test.cpp unit/till_shelf_test.cpp unit/till_operators_test.cpp
    unit/till_audit_test.cpp unit/till_minting_test.cpp unit/till_rotation_test.cpp
  USES daybook_till LABELS unit)
daybook_test(test_till_points
  SOURCES unit/till_points_test.cpp unit/api_points_desk_test.cpp
  USES daybook_till_api ledger_rebuild core_sqlite LABELS unit)
daybook_test(test_backup
  SOURCES unit/backup_test.cpp unit/backup_recover_test.cpp
  USES daybook_till ledger_rebuild LABELS unit)
daybook_test(test_backup_program
  SOURCES functional/backup_program_test.cpp functional/real_shop.cpp
  USES core_base nlohmann_json::nlohmann_json LABELS functional
  BINARIES daybook-till daybook-relay daybook-rebuild)
daybook_test(test_backup_mail
  SOURCES functional/backup_mail_test.cpp functional/real_shop.cpp
  USES core_base daybook_test_certificates LABELS functional
  BINARIES daybook-till daybook-relay daybook-rebuild)
daybook_test(test_backup_relay
  SOURCES functional/backup_relay_test.cpp functional/real_shop.cpp
  USES core_base daybook_test_certificates LABELS functional
  BINARIES daybook-till daybook-relay daybook-rebuild)
daybook_test(test_till_crash
  SOURCES crash/till_crash_test.cpp crash/till_second_process_test.cpp
    crash/till_kill_test.cpp crash/crash_shop.cpp
  USES daybook_till LABELS crash BINARIES daybook-till)
daybook_test(test_till_power_cut
  SOURCES crash/till_power_cut_test.cpp crash/cut_life.cpp crash/till_model.cpp crash/till_shelf.cpp
    crash/till_steps.cpp crash/till_more_steps.cpp support/powercut_vfs.cpp
  USES daybook_till PkgConfig::SQLCIPHER LABELS crash)
daybook_test(test_till_rotation_cut
  SOURCES crash/till_rotation_cut_test.cpp support/powercut_vfs.cpp
  USES daybook_till PkgConfig::SQLCIPHER LABELS crash)
daybook_test(test_rotation
  SOURCES functional/rotation_test.cpp
  USES daybook_test_support daybook_relay_process core_disk core_wire nlohmann_json::nlohmann_json
  LABELS functional
  BINARIES daybook-till daybook-relay daybook-rebuild)
daybook_test(test_till_disk_full
  SOURCES crash/till_disk_full_test.cpp crash/till_small_disk_test.cpp crash/till_answers.cpp
    crash/crash_shop.cpp crash/till_model.cpp crash/till_shelf.cpp crash/till_steps.cpp
    crash/till_more_steps.cpp support/faulty_vfs.cpp support/powercut_vfs.cpp
  USES daybook_till PkgConfig::SQLCIPHER LABELS crash BINARIES daybook-till)
daybook_test(test_till_damage
  SOURCES crash/till_damage_test.cpp crash/till_answers.cpp
  USES daybook_till LABELS crash)
daybook_test(test_till_property
  SOURCES property/till_property_test.cpp property/till_documents_property_test.cpp
    property/till_shelf_property_test.cpp
  USES daybook_till LABELS property)
daybook_test(test_till_functional
  SOURCES functional/till_functional_test.cpp functional/till_shelf_program_test.cpp
  USES core_base nlohmann_json::nlohmann_json LABELS functional
  BINARIES daybook-till daybook-relay daybook-rebuild)
daybook_test(test_till_offline
  SOURCES functional/till_offline_test.cpp functional/till_clock_test.cpp functional/real_shop.cpp
  USES daybook_till nlohmann_json::nlohmann_json LABELS functional
  BINARIES daybook-till daybook-relay daybook-rebuild)
daybook_test(test_till_at_rest
  SOURCES functional/till_at_rest_test.cpp
  USES core_base LABELS functional
  BINARIES daybook-till daybook-relay daybook-rebuild)
daybook_test(test_till_operators
  SOURCES functional/till_operators_functional_test.cpp
  USES core_base nlohmann_json::nlohmann_json LABELS functional
  BINARIES daybook-till daybook-rebuild)
daybook_test(test_till_operators_property
  SOURCES property/till_operators_property_test.cpp
  USES daybook_till LABELS property)
daybook_test(test_till_pin_crash
  SOURCES crash/till_pin_crash_test.cpp support/powercut_vfs.cpp
  USES daybook_till PkgConfig::SQLCIPHER LABELS crash BINARIES daybook-till)
daybook_test(test_sqlite
  SOURCES unit/sqlite_test.cpp
  USES core_sqlite LABELS unit)
# What a printer makes of the bytes that it gets, and what an outside reader sees in its pictures.
add_library(daybook_test_paper STATIC support/paper_reader.cpp)
target_link_libraries(daybook_test_paper PUBLIC daybook_test_support)
daybook_test(test_receipts
  SOURCES unit/printing_test.cpp unit/receipt_layout_test.cpp
  USES daybook_till daybook_test_paper LABELS unit)
daybook_test(test_receipt_program
  SOURCES functional/receipt_program_test.cpp
  USES daybook_test_paper LABELS functional BINARIES daybook-till daybook-rebuild)
daybook_test(test_till_print_crash
  SOURCES crash/till_print_crash_test.cpp
  USES daybook_till daybook_test_paper LABELS crash BINARIES daybook-till)
daybook_test(test_till_shop_property
  SOURCES property/till_shop_property_test.cpp support/powercut_vfs.cpp
  USES daybook_till ledger_rebuild PkgConfig::SQLCIPHER LABELS property)
daybook_test(test_till_api
  SOURCES unit/api_courier_test.cpp unit/api_service_test.cpp unit/shell_console_test.cpp
  USES daybook_till_api LABELS unit)
daybook_test(test_till_run_kill
  SOURCES crash/till_run_kill_test.cpp crash/crash_shop.cpp
  USES daybook_till_api nlohmann_json::nlohmann_json LABELS crash BINARIES daybook-till)
daybook_test(test_till_run
  SOURCES functional/till_run_test.cpp
  USES daybook_till_api LABELS functional BINARIES daybook-till daybook-rebuild)
daybook_test(test_till_grocery
  SOURCES functional/till_grocery_test.cpp
  USES daybook_till_api poc_scale_auditor LABELS functional)
