// A till's answers, one line each.
#include "tests/crash/till_answers.h"

#include <algorithm>

namespace test {

using core::Result;
using core::retail::Series;

namespace {

std::string day_text(const std::optional<core::BusinessDay>& day) {
  return day ? to_string(*day) : std::string("none");
}

std::string status_text(const till::TillStatus& status) {
  std::string out =
      "till " + to_string(status.ref) + " in " + std::string(status.currency.code()) + " of " +
      status.origin + " key " + status.public_key.hex() + " epoch " + to_string(status.epoch) +
      " open " + day_text(status.open_day) + (status.delivery_awaited ? " early" : "") + " last " +
      day_text(status.last_day) + " sequence " + to_string(status.last_sequence) +
      (status.encrypted ? " encrypted" : " plain") + (status.sealed ? " sealed" : " in clear") +
      " log key " + status.log_key + " documents " + std::to_string(status.documents) +
      " pending " + std::to_string(status.outbox.pending) + " refused " +
      std::to_string(status.outbox.refused) + " acknowledged " +
      std::to_string(status.outbox.acknowledged) + " backup " +
      std::to_string(status.backup.number);
  for (const auto& target : status.backup.targets) {
    out += " to '" + target.place + "' " + std::to_string(target.waiting);
  }
  if (status.tree_head) {
    out += " tree " + std::to_string(status.tree_head->size) + " " + status.tree_head->root.hex();
  }
  for (const auto& [series, last] : status.last_numbers) {
    out += " " + std::string(series_name(series)) + " " + std::to_string(last);
  }
  return out;
}

std::string catalog_text(const core::retail::Catalog& catalog) {
  std::string out = "catalog in steps of " + std::to_string(catalog.cash_step_minor());
  for (const auto& [code, rate] : catalog.taxes()) {
    out += "; tax " + std::to_string(code.value) + " of " + std::to_string(rate.basis_points) +
           (rate.inclusive ? " inside" : " on top");
  }
  for (const auto& [id, product] : catalog.products()) {
    out += "; " + to_string(id) + " " + product.name + " " +
           (product.price ? to_string(*product.price) : "no price") + " tax " +
           std::to_string(product.tax.value) + " kind " +
           std::to_string(static_cast<int>(product.kind));
  }
  for (const auto& line : catalog.bom()) {
    out += "; " + to_string(line.parent) + " has " + std::to_string(line.quantity.thousandths) +
           " of " + to_string(line.component);
  }
  return out;
}

std::string message_text(const till::OutboxEntry& entry) {
  return "message " + to_string(entry.sequence) +
         (entry.kind == till::MessageKind::kClosing ? " closing " : " opening ") +
         core::to_hex(entry.message) + (entry.acknowledged ? " acknowledged" : " pending") +
         " at " + to_string(entry.index) + " refused '" + entry.refusal + "' receipt " +
         (entry.receipt ? core::to_hex(core::tlog::encode_receipt(*entry.receipt)) : "none");
}

Result<void> add_documents(till::Till& till, const till::TillStatus& status,
                           std::vector<std::string>& out) {
  for (const auto& [series, last] : status.last_numbers) {
    if (series == Series::kOrder || series == Series::kDelivery) continue;  // as its invoice
    for (std::uint64_t number = 1; number <= last; ++number) {
      TRY_ASSIGN(const till::StoredDocument stored, till.document(series, number));
      std::string line = document_number(till.ref(), series, number) + " " +
                         core::to_hex(encode_document(stored.document));
      if (stored.voided) line += " voided " + core::to_hex(encode_document(*stored.voided));
      for (const auto& refund : stored.refunds) {
        line += " refunded " + core::to_hex(encode_document(refund));
      }
      out.push_back(std::move(line));
    }
  }
  return {};
}

// What is no document: what waits, what is on paper, who works here, what was told.
Result<void> add_rest(till::Till& till, const till::TillStatus& status,
                      std::vector<std::string>& out) {
  TRY_ASSIGN(const auto items, till.open_items());
  for (const till::OpenItem& item : items) {
    out.push_back("open " + std::string(series_name(item.key.series)) + " " +
                  std::to_string(item.key.number) + " " + to_string(item.amount));
  }
  for (std::uint64_t position = 1; position <= status.documents; ++position) {
    TRY_ASSIGN(const till::PrintMark mark, till.print_queue().mark(position));
    out.push_back("on paper " + std::to_string(position) + " " +
                  std::to_string(static_cast<int>(mark.state)) + " copies " +
                  std::to_string(mark.copies));
  }
  TRY_ASSIGN(const auto heading, till.print_queue().heading());
  for (const std::string& line : heading) out.push_back("heading " + line);
  const core::retail::Settings& settings = till.settings();
  out.push_back("settings " + std::to_string(settings.earn_minor_per_point) + " " +
                std::to_string(settings.value_minor_per_point));
  for (const auto& [id, who] : till.operators().all()) {
    out.push_back("operator " + to_string(id) + " " + who.name + " " + who.pin_hash);
  }
  return till.audit_log(1, [&](till::AuditRow&& row) -> Result<void> {
    out.push_back("audit " + std::to_string(row.position) + " " +
                  std::string(audit_event_name(row.note.event)) + " " + row.note.subject + " '" +
                  row.note.before + "' '" + row.note.after + "' at " +
                  std::to_string(row.note.time_ms) + " " + row.chain.hex());
    return {};
  });
}

}  // namespace

Result<std::vector<std::string>> answers_of(till::Till& till) {
  TRY_ASSIGN(const till::TillStatus status, till.status());
  TRY_ASSIGN(const core::retail::Catalog catalog, till.shelf().whole(till.shelf().present()));
  std::vector<std::string> out = {
      status_text(status), "asks " + core::envelope::enrol_request_text(till.enrol_request()),
      catalog_text(catalog)};
  TRY(add_documents(till, status, out));
  TRY(add_rest(till, status, out));
  TRY_ASSIGN(const auto entries, till.outbox().all(core::Sequence{0}, 100000));
  for (const till::OutboxEntry& entry : entries) out.push_back(message_text(entry));
  if (status.open_day || status.last_day) {
    TRY_ASSIGN(const core::retail::Closing so_far, till.day_so_far());
    out.push_back("so far " + core::to_hex(encode_summary(so_far)));
  }
  return out;
}

std::string first_difference(const std::vector<std::string>& before,
                             const std::vector<std::string>& after) {
  for (std::size_t i = 0; i < std::max(before.size(), after.size()); ++i) {
    const std::string left = i < before.size() ? before[i] : "nothing";
    const std::string right = i < after.size() ? after[i] : "nothing";
    if (left != right) return "was:    " + left + "\nbecame: " + right;
  }
  return {};
}

}  // namespace test
