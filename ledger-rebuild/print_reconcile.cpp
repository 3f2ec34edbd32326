// Reconcile: as text for people, and as JSON.
#include <nlohmann/json.hpp>

#include "ledger-rebuild/reconcile.h"

namespace rebuild {
namespace {

std::string name_of(const PaidKey& key) {
  const std::string store = to_string(key.till.store);
  return key.till.till.value == 0 ? "store " + store : "till " + to_string(key.till);
}

std::string days_of(const Reconciliation& found) {
  if (!found.first || !found.last) return "no day was compared\n";
  return "days " + to_string(*found.first) + " to " + to_string(*found.last) + "\n";
}

}  // namespace

std::string_view outcome_text(PaidRow::Outcome outcome) {
  switch (outcome) {
    case PaidRow::Outcome::kMatched:
      return "matched";
    case PaidRow::Outcome::kDifferent:
      return "different";
    case PaidRow::Outcome::kNotPaid:
      return "not paid";
    case PaidRow::Outcome::kNotInBooks:
      return "not in the books";
  }
  return "unknown";
}

std::string reconciliation_text(const Reconciliation& found, std::size_t rows_max) {
  std::string list;
  std::size_t listed = 0, left_out = 0;
  for (const PaidRow& row : found.rows) {
    if (row.outcome == PaidRow::Outcome::kMatched) continue;
    if (rows_max != 0 && listed == rows_max) {
      ++left_out;
      continue;
    }
    ++listed;
    list += "  " + to_string(row.key.day) + " " + name_of(row.key) + ", " +
            std::string(outcome_text(row.outcome)) + ": books " + to_string(row.books) + ", paid " +
            to_string(row.paid) + "\n";
  }
  std::string out = days_of(found);
  for (const auto& [key, total] : found.totals) {
    out += std::string(outcome_text(key.first)) + ": " + std::to_string(total.rows) + ", books " +
           to_string(total.books) + ", paid " + to_string(total.paid) + "\n";
  }
  out += list;
  if (left_out != 0) out += "  and " + std::to_string(left_out) + " more; --all lists them\n";
  return out;
}

std::string reconciliation_json(const Reconciliation& found) {
  using Json = nlohmann::ordered_json;
  Json rows = Json::array();
  for (const PaidRow& row : found.rows) {
    Json one = {{"day", to_string(row.key.day)}, {"store", row.key.till.store.value}};
    if (row.key.till.till.value != 0) one["till"] = row.key.till.till.value;
    one["outcome"] = outcome_text(row.outcome);
    one["currency"] = row.key.currency.code();
    one["books_minor"] = row.books.minor;
    one["paid_minor"] = row.paid.minor;
    rows.push_back(std::move(one));
  }
  Json out = {{"clean", found.clean()}, {"rows", std::move(rows)}};
  if (found.first) out["first_day"] = to_string(*found.first);
  if (found.last) out["last_day"] = to_string(*found.last);
  return out.dump(2) + "\n";
}

}  // namespace rebuild
