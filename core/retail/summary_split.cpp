// Summary: one that is too long for a message, as parts that add up to it.
#include <functional>
#include <set>

#include "core/base/check.h"
#include "core/retail/summary.h"

namespace core::retail {
namespace {

// Puts one row into a part.
template <typename S>
using Row = std::function<void(S&)>;

// `base` with the rows [first, last), as it is encoded in one of many parts.
template <typename S>
S with_rows(const S& base, const std::vector<Row<S>>& rows, std::size_t first, std::size_t last) {
  S part = base;
  part.part = Part{65535, 65535};
  for (std::size_t i = first; i < last; ++i) rows[i](part);
  return part;
}

// How many of the rows from `first` on fit: the more, the longer, so that halving finds it.
template <typename S>
std::size_t rows_that_fit(const S& base, const std::vector<Row<S>>& rows, std::size_t first,
                          std::size_t payload_bytes_max) {
  const auto fits = [&](std::size_t count) {
    const S part = with_rows(base, rows, first, first + count);
    return encode_summary(part).size() <= payload_bytes_max;
  };
  CORE_CHECK(fits(0));
  std::size_t low = 0;
  std::size_t high = rows.size() - first + 1;
  while (high - low > 1) {
    const std::size_t middle = low + (high - low) / 2;
    (fits(middle) ? low : high) = middle;
  }
  return low;
}

// The first part has what is not spread; the others are blank but for their rows.
template <typename S>
std::vector<Summary> fill(const S& first, const S& blank, const std::vector<Row<S>>& rows,
                          std::size_t payload_bytes_max) {
  std::vector<S> parts;
  std::size_t done = 0;
  do {
    const S& base = parts.empty() ? first : blank;
    const std::size_t count = rows_that_fit(base, rows, done, payload_bytes_max);
    CORE_CHECK(count > 0 || parts.empty());
    parts.push_back(with_rows(base, rows, done, done + count));
    done += count;
  } while (done < rows.size());
  std::vector<Summary> out;
  for (S& part : parts) {
    part.part =
        Part{static_cast<std::uint32_t>(out.size() + 1), static_cast<std::uint32_t>(parts.size())};
    out.emplace_back(std::move(part));
  }
  return out;
}

// A row for each entry of a map.
template <typename S, typename Map>
void spread(std::vector<Row<S>>& rows, Map S::*member, const Map& all) {
  for (const auto& entry : all) {
    rows.push_back([member, &entry](S& part) { (part.*member).insert(entry); });
  }
}

// Puts a product's definition, if it has one, before the first row of the product: in the same part
// then, or in one before.
template <typename S>
class Defining {
 public:
  Defining(std::vector<Row<S>>& rows, const S& summary) : rows_(rows), summary_(summary) {}

  // `row` puts a row of the product into a part.
  void add(ProductId product, Row<S> row) {
    const auto definition = summary_.definitions.find(product);
    if (definition == summary_.definitions.end() || !done_.insert(product).second) {
      rows_.push_back(std::move(row));
      return;
    }
    rows_.push_back(
        [this_row = std::move(row), entry = &*definition, currency = summary_.currency](S& part) {
          part.currency = currency;
          part.definitions.insert(*entry);
          this_row(part);
        });
  }
  // Those whose product has no row.
  void finish() {
    for (const auto& [product, definition] : summary_.definitions) add(product, [](S&) {});
  }

 private:
  std::vector<Row<S>>& rows_;
  const S& summary_;
  std::set<ProductId> done_;
};

// A row for each product of a list.
template <typename S>
void spread_products(Defining<S>& rows, Components S::*member, const Components& all) {
  for (const auto& entry : all) {
    rows.add(entry.first, [member, &entry](S& part) { (part.*member).insert(entry); });
  }
}

std::vector<Summary> split_up(const Opening& opening, std::size_t payload_bytes_max) {
  Opening first;
  first.day = opening.day;
  const Opening blank = first;
  first.notes = opening.notes;
  first.next_keys = opening.next_keys;
  std::vector<Row<Opening>> rows;
  Defining<Opening> defining(rows, opening);
  spread_products(defining, &Opening::received, opening.received);
  spread_products(defining, &Opening::differences, opening.differences);
  defining.finish();
  return fill(first, blank, rows, payload_bytes_max);
}

// What was sold of a product and what was consumed of it stay together.
void spread_goods(Defining<Closing>& rows, const Closing& closing) {
  for (const auto& sold : closing.sold) {
    rows.add(sold.first, [&closing, &sold](Closing& part) {
      part.sold.insert(sold);
      const auto consumed = closing.consumed.find(sold.first);
      if (consumed != closing.consumed.end()) part.consumed.insert(*consumed);
    });
  }
  for (const auto& consumed : closing.consumed) {
    if (closing.sold.contains(consumed.first)) continue;
    rows.add(consumed.first, [&consumed](Closing& part) { part.consumed.insert(consumed); });
  }
}

void spread_transfers(Defining<Closing>& rows, const Closing& closing) {
  for (const auto& transfer : closing.transfers) {
    for (const auto& product : transfer.second) {
      rows.add(product.first, [&transfer, &product](Closing& part) {
        part.transfers[transfer.first].insert(product);
      });
    }
  }
}

std::vector<Summary> split_up(const Closing& closing, std::size_t payload_bytes_max) {
  Closing first = closing;
  first.sold.clear();
  first.consumed.clear();
  first.transfers.clear();
  first.operators.clear();
  first.definitions.clear();
  std::vector<Row<Closing>> rows;
  spread(rows, &Closing::operators, closing.operators);  // before the many: they stay together
  Defining<Closing> defining(rows, closing);
  spread_goods(defining, closing);
  spread_transfers(defining, closing);
  for (const auto member : {&Closing::received, &Closing::on_hand, &Closing::adjusted}) {
    (first.*member).clear();
    spread_products(defining, member, closing.*member);
  }
  defining.finish();
  const auto spread_all = [&](auto Closing::*member) {
    (first.*member).clear();
    spread(rows, member, closing.*member);
  };
  spread_all(&Closing::members);
  spread_all(&Closing::batches);
  spread_all(&Closing::refunded_receipts);
  return fill(first, empty_closing(closing.day, closing.currency), rows, payload_bytes_max);
}

}  // namespace

std::vector<Summary> split(const Summary& summary, std::size_t payload_bytes_max) {
  CORE_CHECK(payload_bytes_max >= 1024);
  if (encode_summary(summary).size() <= payload_bytes_max) return {summary};
  return std::visit([&](const auto& s) { return split_up(s, payload_bytes_max); }, summary);
}

void join_rows(Closing& whole, const Closing& part) {
  const auto join = [&](auto Closing::*rows) {
    (whole.*rows).insert((part.*rows).begin(), (part.*rows).end());
  };
  join(&Closing::sold);
  join(&Closing::consumed);
  join(&Closing::received);
  join(&Closing::on_hand);
  join(&Closing::adjusted);
  join(&Closing::members);
  join(&Closing::batches);
  join(&Closing::refunded_receipts);
  join(&Closing::operators);
  join(&Closing::definitions);
  for (const auto& [key, products] : part.transfers) {
    whole.transfers[key].insert(products.begin(), products.end());
  }
}

}  // namespace core::retail
