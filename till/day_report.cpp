// Reports of a day: the X and the Z report, text and JSON.
#include "till/report_text.h"

namespace till {
namespace {

using core::Money;
using namespace core::retail;

Json tax_json(const Closing& closing) {
  Json taxes = Json::object();
  for (const auto& [code, tax] : closing.taxes) {
    taxes[to_string(code)] = {{"gross", amount(tax.gross)}, {"tax", amount(tax.tax)}};
  }
  return taxes;
}

Json sold_json(const Closing& closing) {
  Json sold = Json::object();
  for (const auto& [product, row] : closing.sold) {
    sold[to_string(product)] = {{"quantity", to_string(row.quantity)}, {"net", amount(row.net)}};
  }
  return sold;
}

Json transfers_json(const Closing& closing) {
  Json transfers = Json::array();
  for (const auto& [key, products] : closing.transfers) {
    transfers.push_back({{"name", key.name},
                         {"way", key.way == TransferWay::kOut ? "out" : "in"},
                         {"other_store", key.other_store.value},
                         {"products", components_json(products)}});
  }
  return transfers;
}

Json batches_json(const Closing& closing) {
  Json batches = Json::array();
  for (const auto& [key, row] : closing.batches) {
    batches.push_back({{"terminal", key.terminal},
                       {"batch", key.batch},
                       {"count", row.count},
                       {"amount", amount(row.amount)}});
  }
  return batches;
}

Json counts_json(const Counts& counts) {
  return {{"no_sales", counts.no_sales},
          {"drawer_openings", counts.drawer_openings},
          {"copies", counts.copies},
          {"trainings", counts.trainings},
          {"lines_voided", counts.lines_voided},
          {"clock_doubts", counts.clock_doubts}};
}

Json money_json(const Closing& closing) {
  Json movements = Json::object();
  for (const auto& [kind, sum] : closing.cash_movements) {
    movements[std::string(name_of(kind))] = amount(sum);
  }
  const Liabilities& l = closing.liabilities;
  return {{"net", amount(closing.net)},
          {"discount", amount(closing.discount)},
          {"vouchers_sold", amount(l.vouchers_sold)},
          {"deposits", amount(l.deposits)},
          {"forfeited", amount(l.forfeited)},
          {"cash_movements", movements},
          {"counted", closing.counted ? Json(amount(*closing.counted)) : Json()},
          {"over_short", closing.counted ? Json(amount(closing.over_short)) : Json()},
          {"tenders", tenders_json(closing.tenders)},
          {"taxes", tax_json(closing)}};
}

Json day_json(const Closing& closing) {
  Json ranges = Json::object();
  for (const auto& [series, range] : closing.numbers) {
    ranges[std::string(series_name(series))] = {range.first, range.last};
  }
  Json out = {{"day", to_string(closing.day)}, {"currency", closing.currency.code()},
              {"sales", closing.sales},        {"voids", closing.voids},
              {"refunds", closing.refunds},    {"refunded", amount(closing.refunded)}};
  out.update(counts_json(closing.counts));
  out.update(money_json(closing));
  out.update({{"numbers", ranges},
              {"grand_totals",
               {{"sales", amount(closing.grand_totals.sales)},
                {"refunds", amount(closing.grand_totals.refunds)}}},
              {"sold", sold_json(closing)},
              {"consumed", components_json(closing.consumed)},
              {"received", components_json(closing.received)},
              {"adjusted", components_json(closing.adjusted)},
              {"on_hand", components_json(closing.on_hand)},
              {"transfers", transfers_json(closing)},
              {"card_batches", batches_json(closing)},
              {"open_cards", closing.open_cards},
              {"members", closing.members.size()}});
  return out;
}

// What should be in the drawer, what is, and the difference: nothing is known of an uncounted one.
std::string drawer_rows(const Closing& closing) {
  std::string out;
  for (const auto& [kind, sum] : closing.cash_movements) {
    out += row(std::string(name_of(kind)), amount(sum));
  }
  const auto expected = expected_cash(closing);
  if (expected) out += row("cash expected", amount(*expected));
  out += row("cash counted", closing.counted ? amount(*closing.counted) : "not counted");
  if (closing.counted) out += row("over / short", amount(closing.over_short));
  return out;
}

std::string evidence_rows(const Closing& closing) {
  std::string out;
  for (const auto& [series, range] : closing.numbers) {
    out += row(std::string(series_name(series)),
               std::to_string(range.first) + " to " + std::to_string(range.last));
  }
  if (closing.grand_totals.sales.minor == 0) return out;
  out += row("ever sold", amount(closing.grand_totals.sales));
  return out + row("ever refunded", amount(closing.grand_totals.refunds));
}

std::string count_row(std::string label, std::uint64_t count) {
  return count == 0 ? std::string{} : row(std::move(label), std::to_string(count));
}

std::string amount_row(std::string label, Money money) {
  return money.minor == 0 ? std::string{} : row(std::move(label), amount(money));
}

std::string count_rows(const Closing& closing) {
  const Counts& counts = closing.counts;
  std::string out = row("sales", std::to_string(closing.sales));
  out += row("voids", std::to_string(closing.voids));
  out += count_row("refunds", closing.refunds);
  out += amount_row("given back", closing.refunded);
  out += count_row("drawer opened, no sale", counts.no_sales);
  out += count_row("drawer opened, in all", counts.drawer_openings);
  out += count_row("copies", counts.copies);
  out += count_row("training sales", counts.trainings);
  out += count_row("lines voided before tender", counts.lines_voided);
  return out + count_row("documents of a doubtful time", counts.clock_doubts);
}

std::string stock_rows(const std::string& title, const Components& products,
                       const ProductNames& names) {
  if (products.empty()) return {};
  std::string out = title + "\n";
  for (const auto& [id, quantity] : products) {
    out += row(to_string(id) + " " + product_name(names, id), to_string(quantity));
  }
  return out;
}

std::string card_rows(const Closing& closing) {
  if (closing.batches.empty() && closing.open_cards == 0) return {};
  std::string out = "card batches\n";
  for (const auto& [key, batch] : closing.batches) {
    out += row(key.terminal + " " + std::to_string(key.batch) + ", " + std::to_string(batch.count) +
                   " answers",
               amount(batch.amount));
  }
  if (closing.open_cards == 0) return out;
  return out + row(std::to_string(closing.open_cards) + " charged without a receipt",
                   amount(closing.open_cards_amount));
}

}  // namespace

std::vector<core::ProductId> products_of(const Closing& closing) {
  std::vector<core::ProductId> ids;
  const auto take = [&](const Components& products) {
    for (const auto& [id, quantity] : products) ids.push_back(id);
  };
  take(closing.consumed);
  take(closing.received);
  take(closing.adjusted);
  take(closing.on_hand);
  for (const auto& [key, products] : closing.transfers) take(products);
  return ids;
}

std::string report_day(const Closing& closing, const ProductNames& names, std::string_view title,
                       Form form) {
  if (form == Form::kJson) return dump(day_json(closing));
  std::string out = std::string(title) + ", business day " + to_string(closing.day) + ", in " +
                    std::string(closing.currency.code()) + "\n" + count_rows(closing);
  out += row("takings", amount(closing.net));
  out += row("discounts given", amount(closing.discount));
  out += amount_row("vouchers sold", closing.liabilities.vouchers_sold);
  out += amount_row("deposits on layaways", closing.liabilities.deposits);
  out += amount_row("deposits forfeited", closing.liabilities.forfeited);
  out += "takings by tender\n";
  for (const auto& [kind, money] : closing.tenders) {
    out += row(std::string(name_of(kind)), amount(money));
  }
  out += card_rows(closing) + "drawer\n" + drawer_rows(closing);
  out += "takings by tax code (tax included)\n";
  for (const auto& [code, tax] : closing.taxes) {
    out += row("code " + to_string(code), amount(tax.gross));
    out += row("  tax in it", amount(tax.tax));
  }
  out += "stock consumed\n";
  for (const auto& [id, quantity] : closing.consumed) {
    out += row(to_string(id) + " " + product_name(names, id), to_string(quantity));
  }
  out += stock_rows("stock received later", closing.received, names);
  out += stock_rows("stock adjusted", closing.adjusted, names);
  for (const auto& [key, products] : closing.transfers) {
    const bool to = key.way == TransferWay::kOut;
    out += stock_rows(
        "transfer " + key.name + (to ? " to" : " from") + " store " + to_string(key.other_store),
        products, names);
  }
  out += stock_rows("on hand, as counted", closing.on_hand, names);
  return out + "numbers and totals\n" + evidence_rows(closing);
}

}  // namespace till
