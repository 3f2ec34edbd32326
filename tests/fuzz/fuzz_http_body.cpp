// Fuzz: a request body of any bytes. What is taken for messages covers the body without a gap.
#include "relay/split_body.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const core::ByteView body(data, size);
  const auto items = relay::split_body(body);
  if (!items) {
    CORE_CHECK(items.error().code == core::Errc::kMalformed ||
               items.error().code == core::Errc::kTooLarge);
    CORE_CHECK(items.error().what.starts_with("byte "));
    return 0;
  }
  const std::uint8_t* at = data;
  for (const relay::Item& item : *items) {
    CORE_CHECK(item.bytes.data() == at && !item.bytes.empty());
    CORE_CHECK(item.bytes.size() <= core::envelope::kMessageSizeMax);
    at += item.bytes.size();
    const bool valid = core::envelope::parse_message(item.bytes).has_value();
    CORE_CHECK(valid == item.refusal.empty());
    // Whatever is a message is one item for the strict reader too.
    if (valid) CORE_CHECK(core::envelope::first_item_size(item.bytes).value() == item.bytes.size());
  }
  CORE_CHECK(at == data + size);
  return 0;
}
