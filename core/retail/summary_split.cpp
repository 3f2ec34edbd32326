// Summary: one that is too long for a message, as parts that add up to it.
#include "core/base/check.h"
#include "core/retail/summary.h"

namespace core::retail {
namespace {

// Of an integer's encoding, at most.
constexpr std::size_t kIntegerBytesMax = 9;
// A product and its quantity; the quantity may be in an array.
constexpr std::size_t kProductBytesMax = 2 * kIntegerBytesMax + 1;
constexpr std::size_t kNameFieldMax = kNameBytesMax + 2;
// Heads of the maps and arrays that rows stand in, their keys, and the part.
constexpr std::size_t kHeadBytesMax = 160;

// Fills parts one after the other, row by row.
template <typename S>
class Filler {
 public:
  Filler(S first, const S& blank, std::size_t payload_bytes_max)
      : blank_(blank), payload_bytes_max_(payload_bytes_max) {
    start(std::move(first));
  }

  // `add` puts one row of at most `bytes` into a part.
  template <typename Add>
  void row(std::size_t bytes, const Add& add) {
    if (bytes > room_) start(blank_);
    room_ -= bytes;
    add(parts_.back());
  }

  std::vector<Summary> take() && {
    const auto count = static_cast<std::uint32_t>(parts_.size());
    std::vector<Summary> out;
    for (std::uint32_t i = 0; i < count; ++i) {
      parts_[i].part = Part{i + 1, count};
      out.emplace_back(std::move(parts_[i]));
    }
    return out;
  }

 private:
  void start(S part) {
    const std::size_t fixed = encode_summary(part).size() + kHeadBytesMax;
    CORE_CHECK(fixed + payload_bytes_max_ / 2 <= payload_bytes_max_);
    room_ = payload_bytes_max_ - fixed;
    parts_.push_back(std::move(part));
  }

  S blank_;
  std::size_t payload_bytes_max_;
  std::size_t room_ = 0;
  std::vector<S> parts_;
};

// A row of any map of the summary.
template <typename S, typename Rows>
void spread(Filler<S>& filler, Rows S::*rows, const Rows& all, std::size_t bytes) {
  for (const auto& row : all) {
    filler.row(bytes, [&](S& part) { (part.*rows).insert(row); });
  }
}

std::vector<Summary> split_up(const Opening& opening, std::size_t payload_bytes_max) {
  const Opening blank{opening.day, {}, {}};
  Filler<Opening> filler(blank, blank, payload_bytes_max);
  spread(filler, &Opening::received, opening.received, kProductBytesMax);
  return std::move(filler).take();
}

// What was sold of a product and what was consumed of it stay together.
void spread_goods(Filler<Closing>& filler, const Closing& closing) {
  for (const auto& sold : closing.sold) {
    const auto consumed = closing.consumed.find(sold.first);
    filler.row(2 * kProductBytesMax + kIntegerBytesMax, [&](Closing& part) {
      part.sold.insert(sold);
      if (consumed != closing.consumed.end()) part.consumed.insert(*consumed);
    });
  }
  for (const auto& consumed : closing.consumed) {
    if (closing.sold.contains(consumed.first)) continue;
    filler.row(kProductBytesMax, [&](Closing& part) { part.consumed.insert(consumed); });
  }
}

void spread_transfers(Filler<Closing>& filler, const Closing& closing) {
  for (const auto& [key, products] : closing.transfers) {
    for (const auto& product : products) {
      filler.row(kNameFieldMax + 3 * kIntegerBytesMax + kProductBytesMax,
                 [&](Closing& part) { part.transfers[key].insert(product); });
    }
  }
}

std::vector<Summary> split_up(const Closing& closing, std::size_t payload_bytes_max) {
  Closing first = closing;
  first.sold.clear();
  first.consumed.clear();
  first.received.clear();
  first.adjusted.clear();
  first.on_hand.clear();
  first.transfers.clear();
  first.members.clear();
  first.batches.clear();
  first.refunded_receipts.clear();
  Filler<Closing> filler(std::move(first), empty_closing(closing.day, closing.currency),
                         payload_bytes_max);
  spread_goods(filler, closing);
  spread(filler, &Closing::received, closing.received, kProductBytesMax);
  spread(filler, &Closing::on_hand, closing.on_hand, kProductBytesMax);
  spread(filler, &Closing::adjusted, closing.adjusted, kProductBytesMax);
  spread_transfers(filler, closing);
  spread(filler, &Closing::members, closing.members, MemberKey::kSize + 2 + 2 * kIntegerBytesMax);
  spread(filler, &Closing::batches, closing.batches,
         kNameFieldMax + envelope::Hash::kSize + 2 + 3 * kIntegerBytesMax);
  spread(filler, &Closing::refunded_receipts, closing.refunded_receipts, 4 * kIntegerBytesMax);
  return std::move(filler).take();
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
  for (const auto& [key, products] : part.transfers) {
    whole.transfers[key].insert(products.begin(), products.end());
  }
}

}  // namespace core::retail
