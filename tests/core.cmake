# Tests of core/base, core/envelope, core/retail, core/tls and the signatures of core/wire.
daybook_test(test_base
  SOURCES unit/base_arithmetic_test.cpp unit/base_text_test.cpp unit/base45_test.cpp
    unit/base64_test.cpp unit/flat_map_test.cpp unit/fold_case_test.cpp
  USES core_base LABELS unit)
daybook_test(test_envelope
  SOURCES
    unit/cbor_test.cpp unit/message_notice_test.cpp unit/message_test.cpp unit/roster_retire_test.cpp unit/roster_test.cpp unit/sealing_test.cpp
    unit/vectors_test.cpp
  USES core_envelope nlohmann_json::nlohmann_json PkgConfig::SODIUM PkgConfig::CBOR LABELS unit)
daybook_test(test_postgres_dialect
  SOURCES unit/postgres_dialect_test.cpp
  USES core_postgres LABELS unit)
# A real server for one test.
add_library(daybook_test_postgres STATIC support/postgres_server.cpp)
target_link_libraries(daybook_test_postgres PUBLIC daybook_test_support core_sql
  PRIVATE core_postgres)
daybook_test(test_postgres
  SOURCES functional/postgres_database_test.cpp
  USES daybook_test_postgres core_postgres LABELS functional)
daybook_test(test_tlog
  SOURCES unit/tlog_test.cpp
  USES core_tlog LABELS unit)
daybook_test(test_retail
  SOURCES
    unit/barcode_test.cpp unit/cash_rounding_test.cpp unit/catalog_test.cpp unit/document_test.cpp
    unit/notice_test.cpp unit/points_exchange_test.cpp
    unit/minted_test.cpp
    unit/signed_receipt_test.cpp unit/summary_next_keys_test.cpp unit/summary_operators_test.cpp unit/summary_test.cpp
    unit/tax_share_test.cpp
  USES core_retail OpenSSL::Crypto LABELS unit)
daybook_test(test_retail_property
  SOURCES
    property/bom_property_test.cpp property/summary_form_property_test.cpp
    property/summary_property_test.cpp
    property/spread_property_test.cpp property/tax_share_property_test.cpp
  USES core_retail LABELS property)
# Certificates for one test: a test authority and what it issued.
add_library(daybook_test_certificates STATIC support/certificates.cpp)
target_link_libraries(daybook_test_certificates PUBLIC daybook_options core_base
  PRIVATE OpenSSL::Crypto)
daybook_test(test_tls
  SOURCES unit/tls_test.cpp unit/tls_peers_test.cpp
  USES core_tls daybook_test_certificates OpenSSL::SSL LABELS unit)
daybook_test(test_wire_signature
  SOURCES unit/wire_signature_test.cpp
  USES core_wire_signature LABELS unit)
daybook_test(test_golden
  SOURCES golden/message_golden_test.cpp
  USES core_retail LABELS golden)
daybook_fuzzer(fuzz_decoder
  SOURCES fuzz/fuzz_decoder.cpp
  USES core_retail)

# Must fail when it is fuzzed; without DAYBOOK_FUZZ there is nothing to replay.
if(DAYBOOK_FUZZ)
  daybook_fuzzer(fuzz_canary SOURCES fuzz/fuzz_canary.cpp)
endif()
