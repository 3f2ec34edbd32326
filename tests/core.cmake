# Tests of core/base, core/envelope and core/retail.
daybook_test(test_base
  SOURCES unit/base_arithmetic_test.cpp unit/base_text_test.cpp
  USES core_base LABELS unit)
daybook_test(test_envelope
  SOURCES unit/cbor_test.cpp unit/message_test.cpp unit/roster_test.cpp unit/vectors_test.cpp
  USES core_envelope nlohmann_json::nlohmann_json LABELS unit)
daybook_test(test_tlog
  SOURCES unit/tlog_test.cpp
  USES core_tlog LABELS unit)
daybook_test(test_retail
  SOURCES unit/catalog_test.cpp unit/document_test.cpp unit/summary_test.cpp
  USES core_retail LABELS unit)
daybook_test(test_retail_property
  SOURCES property/bom_property_test.cpp property/summary_property_test.cpp
  USES core_retail LABELS property)
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
