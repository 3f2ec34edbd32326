// Deliveries: the rows of openings, a delivery each.
#include "ledger-rebuild/deliveries.h"

#include <nlohmann/json.hpp>
#include <optional>
#include <set>

#include "ledger-rebuild/posting_rules.h"
#include "ledger-rebuild/rows.h"

namespace rebuild {

using core::Result;

Result<std::vector<Delivery>> read_deliveries(const Books& books) {
  std::vector<Delivery> out;
  std::optional<std::int64_t> message;
  std::set<std::pair<core::StoreId, std::uint64_t>> seen;
  TRY(for_rows(books.database(),
               "SELECT m.number, m.day, m.store, m.till, d.kind, d.item, d.thousandths "
               "FROM deliveries d JOIN messages m ON m.number = d.message WHERE m.state < 3 "
               "ORDER BY m.day, m.store, m.till, m.number, d.kind, d.item",
               [&](const core::sql::Statement& row) -> Result<void> {
                 if (message != row.column_int(0)) {
                   message = row.column_int(0);
                   const core::BusinessDay day{static_cast<std::int32_t>(row.column_int(1))};
                   out.push_back({day, till_at(row, 2), {}, {}, {}});
                 }
                 const auto item = static_cast<std::uint64_t>(row.column_int(5));
                 if (row.column_int(4) == static_cast<int>(DeliveryKind::kNote)) {
                   out.back().notes.push_back(item);
                   const bool is_new = seen.emplace(out.back().till.store, item).second;
                   if (!is_new) out.back().again.push_back(item);
                 } else {
                   out.back().differences.push_back(
                       {core::ProductId{item}, core::Quantity{row.column_int(6)}});
                 }
                 return {};
               }));
  return out;
}

std::string deliveries_text(const std::vector<Delivery>& deliveries) {
  std::string out;
  for (const Delivery& delivery : deliveries) {
    out += to_string(delivery.day) + " till " + to_string(delivery.till) + ", note";
    for (const std::uint64_t note : delivery.notes) out += " " + std::to_string(note);
    out += delivery.differences.empty() ? ": all came\n" : ":\n";
    for (const std::uint64_t note : delivery.again) {
      out +=
          "  note " + std::to_string(note) + " was received before: its goods are booked twice\n";
    }
    for (const auto& [product, quantity] : delivery.differences) {
      out += "  product " + to_string(product) + ": " + (quantity.thousandths > 0 ? "+" : "") +
             to_string(quantity) + "\n";
    }
  }
  return out.empty() ? "no opening tells of a dispatch note\n" : out;
}

std::string deliveries_json(const std::vector<Delivery>& deliveries) {
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const Delivery& delivery : deliveries) {
    const nlohmann::ordered_json head = {{"day", to_string(delivery.day)},
                                         {"store", delivery.till.store.value},
                                         {"till", delivery.till.till.value},
                                         {"notes", delivery.notes},
                                         {"again", delivery.again}};
    if (delivery.differences.empty()) list.push_back(head);
    for (const auto& [product, quantity] : delivery.differences) {
      auto row = head;
      row["product"] = product.value;
      row["difference"] = to_string(quantity);
      list.push_back(std::move(row));
    }
  }
  return list.dump(2) + "\n";
}

}  // namespace rebuild
