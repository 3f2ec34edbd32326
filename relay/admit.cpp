// The key decides which log, never what the client says.
// Must not know sockets.
#include "relay/admit.h"

namespace relay {
namespace {

// A duplicate needs no admission: it takes no place, and the sequencer answers it.
bool is_known(const Tenant& owner, Item& item) {
  const auto known = owner.index().find(item.id);
  if (!known) return false;
  item.absent_below = known->searched;
  return known->index.has_value();
}

// What of head office's the relay itself has to do with. Cheap for a till's: the key says that it
// is none.
void classify(Tenant& owner, Item& item) {
  using core::envelope::ContentType;
  const auto members = owner.admission().members();
  if (members == nullptr) return;
  const auto* sender = members->roster.find(item.kid);
  // A former key's, too: what it said in time is handed out, whenever it comes.
  const bool is_office = members->office_key(item.kid) != nullptr ||
                         (sender != nullptr && core::envelope::is_head_office(sender->till));
  if (!is_office) return;
  const auto message = core::envelope::parse_message(item.bytes);
  if (!message) return;
  const ContentType type = message->header.content_type;
  item.is_roster_entry =
      type == ContentType::kBulletin && core::envelope::Roster::is_entry(message->payload);
  item.is_notice = type == ContentType::kNotice;
}

}  // namespace

Admitted admit(const Tenants& tenants, std::span<Item> items, std::int64_t now_s,
               Metrics& metrics) {
  Admitted admitted;
  for (Item& item : items) {
    if (!item.refusal.empty()) {
      ++metrics.refused_malformed;
      continue;
    }
    // The request's log is that of its first message that may enter one.
    Tenant* const owner = tenants.by_key(item.kid);
    if (owner == nullptr || (admitted.tenant != nullptr && admitted.tenant != owner)) {
      item.refusal = "unknown-key: no head office has enrolled it";
      item.not_admitted = true;
      ++metrics.refused_unknown_key;
      continue;
    }
    if (!tenants.open() && !is_known(*owner, item) &&
        owner->admission().judge(item, now_s) == Admission::Verdict::kTooMany) {
      return {nullptr, true};
    }
    if (!item.refusal.empty()) continue;
    admitted.tenant = owner;
    classify(*owner, item);
  }
  return admitted;
}

}  // namespace relay
