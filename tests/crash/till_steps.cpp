// Random operations of a till, and the shop that it is in.
// Must not know disks.
#include "tests/crash/till_steps.h"

#include <doctest/doctest.h>

#include <algorithm>

namespace test {

using core::Result;
using till::Till;

namespace {

const core::Currency kUsd = core::Currency::parse("USD").value();

}  // namespace

CutShop::CutShop() {
  std::filesystem::create_directory(dir / "a");
  std::filesystem::create_directory(dir / "b");
  REQUIRE(roster.name_log_key(memory_log_key().public_key(), office_key));
  REQUIRE(roster.name_sealing_key(office_sealing_key.public_key(), office_key));
  REQUIRE(roster.enrol(
      core::envelope::make_enrol_request(origin, ref, till_key, till_sealing_key.public_key()),
      office_key));
  const auto* enrolment = roster.find(core::envelope::derive_kid(origin, till_key.public_key()));
  opener = core::envelope::SealingKey::agree_as_head_office(
               office_sealing_key, roster.sealing_context(*enrolment).value())
               .value();
}

till::TillSetup CutShop::setup(const Shelf& shelf) const {
  return {ref, kUsd, origin, catalog_of(shelf), till_key, {}, till_sealing_key};
}

Shelf RandomSteps::new_shelf() {
  return random_shelf(random_, wide_ ? 100 : 12, wide_ ? 60 : 5);
}

Step RandomSteps::next(const TillModel& model, till::Till& till) {
  const std::uint64_t dice = random_.between(1, 100);
  if (dice <= 3) return replace_catalog();
  if (dice <= 5) return set_backup_to();
  if (dice <= 10 && !model.messages.empty()) return answer_of_the_relay(till);
  if (!model.joined) return join();
  if (!model.open_day) return open_day(model);
  if (model.delivery_awaited && one_in(6)) return confirm_delivery(model);
  if (dice <= 18) {
    if (const auto number = number_to_void(model)) return void_sale(*number);
  }
  if (dice <= (wide_ ? 20u : 26u)) return close_day(model);
  if (dice <= 30) return move_cash(model);
  if (dice <= 48) return more(model, till, dice);
  if (dice <= 58) {
    if (const auto what = line_to_refund(model)) return refund(model, what->first, what->second);
  }
  return ring(model);
}

Step RandomSteps::join() {
  return {"join", [this](Till& t) { return t.join(shop_.roster); },
          [](TillModel& m) { m.joined = true; }};
}

Step RandomSteps::replace_catalog() {
  const Shelf shelf = new_shelf();
  return {"replacing the catalog",
          [shelf](Till& t) -> Result<void> {
            TRY(t.replace_catalog(catalog_of(shelf)));
            return {};
          },
          [shelf](TillModel& m) { m.shelf = shelf; }};
}

Step RandomSteps::set_backup_to() {
  const std::filesystem::path directory = shop_.dir / (one_in(2) ? "a" : "b");
  return {"setting where backups go",
          [directory](Till& t) { return t.set_backup_to({directory.string()}); },
          [directory](TillModel& m) { m.backup_to = directory.string(); }};
}

// It takes some of what is pending, or refuses the first of it.
Step RandomSteps::answer_of_the_relay(till::Till& till) {
  const auto pending = till.outbox().pending(core::Sequence{0}, 3, 100000).value();
  if (pending.empty()) return set_backup_to();
  if (one_in(4)) {
    const core::Sequence sequence = pending.front().sequence;
    const std::string reason = "reason " + std::to_string(random_.between(1, 1000));
    return {"a refusal", [=](Till& t) { return t.outbox().mark_refused(sequence, reason); },
            [=](TillModel& m) { m.messages[sequence.value - 1].refusal = reason; }};
  }
  std::vector<core::LogIndex> places;
  for (const auto& entry : pending) places.push_back(log_.take(entry.message).index);
  std::vector<till::Outbox::Acknowledgement> all;
  for (std::size_t i = 0; i < pending.size(); ++i) {
    all.push_back({pending[i].sequence, log_.receipt(places[i].value)});
  }
  const std::uint64_t tree_size = log_.messages.size();
  return {"an acknowledgement", [all](Till& t) { return t.outbox().acknowledge(all); },
          [=](TillModel& m) {
            for (const auto& one : all) {
              m.messages[one.sequence.value - 1].acknowledged = true;
              m.messages[one.sequence.value - 1].refusal.clear();
            }
            m.tree_size = tree_size;
          }};
}

RandomSteps::Delivery RandomSteps::delivery(const TillModel& model) {
  Delivery out;
  for (const auto& [id, product] : model.shelf) {
    if (!product.parts.empty() || one_in(2)) continue;
    out.counts[id] = static_cast<std::int64_t>(random_.between(1, 100));
    out.received[core::ProductId{id}] = core::Quantity{out.counts[id] * core::Quantity::kUnit};
  }
  return out;
}

Step RandomSteps::open_day(const TillModel& model) {
  const std::int32_t day =
      model.last_day.value_or(20000) + static_cast<std::int32_t>(random_.between(1, 3));
  if (one_in(2)) {
    return {"opening before the delivery",
            [=](Till& t) { return t.open_day_early(core::BusinessDay{day}); },
            [=](TillModel& m) {
              m.open_day = day;
              m.delivery_awaited = true;
            }};
  }
  const Delivery came = delivery(model);
  return {"opening a day",
          [=](Till& t) { return t.open_day(core::BusinessDay{day}, came.received); },
          [=](TillModel& m) {
            m.open_day = day;
            m.messages.push_back({false, day, came.counts, 0, false, {}});
          }};
}

Step RandomSteps::confirm_delivery(const TillModel& model) {
  const Delivery came = delivery(model);
  return {"confirming a delivery", [=](Till& t) { return t.confirm_delivery(came.received); },
          [=](TillModel& m) {
            m.delivery_awaited = false;
            m.messages.push_back({false, *m.open_day, came.counts, 0, false, {}});
          }};
}

Step RandomSteps::ring(const TillModel& model) {
  PlannedSale plan = random_sale(random_, model.shelf, wide_ ? 12 : 3);
  plan.facts.day = *model.open_day;
  plan.facts.time_ms = static_cast<std::int64_t>(random_.between(1, 2'000'000'000'000));
  for (const auto& [authorised, card] : model.cards) {
    if (!card.open || card.amount > plan.facts.total() || !one_in(3)) continue;
    const std::int64_t rest = plan.facts.total() - card.amount;
    plan.facts.card = authorised;
    plan.facts.tenders = {{std::uint64_t{2}, card.amount}, {std::uint64_t{1}, rest}};
    plan.basket.cards = {authorised};
    plan.basket.tendered = {{core::retail::TenderKind::kCard, core::Money{card.amount, kUsd}},
                            {core::retail::TenderKind::kCash, core::Money{rest, kUsd}}};
    break;
  }
  const std::uint64_t number = model.sales.size() + 1;
  return {plan.facts.card != 0 ? "ringing with a card" : "ringing",
          [=](Till& t) -> Result<void> {
            TRY_ASSIGN(const till::Rung rung, t.ring(plan.basket, plan.facts.time_ms));
            for (const core::retail::Series series : core::retail::kSaleSeries) {
              REQUIRE(rung.numbers.at(series) == number);
            }
            REQUIRE(rung.total.minor == plan.facts.total());
            return {};
          },
          [=](TillModel& m) {
            m.sales.push_back(plan.facts);
            if (plan.facts.card != 0) m.cards[plan.facts.card].open = false;
          }};
}

std::optional<std::uint64_t> RandomSteps::number_to_void(const TillModel& model) {
  std::vector<std::uint64_t> numbers;
  for (std::uint64_t n = model.sales.size(); n > 0; --n) {
    if (model.sales[n - 1].day != model.open_day) break;
    const SaleFacts& sale = model.sales[n - 1];
    if (!sale.voided && sale.refunds.empty() && !sale.laid_away) numbers.push_back(n);
  }
  if (numbers.empty()) return std::nullopt;
  return numbers[random_.between(0, numbers.size() - 1)];
}

Step RandomSteps::void_sale(std::uint64_t number) {
  const std::string reason = "reason " + std::to_string(random_.between(1, 1000));
  return {"voiding",
          [=](Till& t) -> Result<void> {
            TRY(t.void_sale(number, reason, 1));
            return {};
          },
          [=](TillModel& m) {
            m.sales[number - 1].voided = true;
            m.sales[number - 1].reason = reason;
            const std::uint64_t card = m.sales[number - 1].card;
            if (card != 0) m.cards[card].open = true;
          }};
}

// Of one of the latest sales: its number, and the line.
std::optional<std::pair<std::uint64_t, std::uint64_t>> RandomSteps::line_to_refund(
    const TillModel& model) {
  std::vector<std::pair<std::uint64_t, std::uint64_t>> lines;
  for (std::uint64_t n = model.sales.size(); n > 0 && n + 30 > model.sales.size(); --n) {
    const SaleFacts& sale = model.sales[n - 1];
    if (sale.voided) continue;
    for (std::uint64_t line = 0; line < sale.lines.size(); ++line) {
      if (sale.left_of(line) > 0) lines.emplace_back(n, line);
    }
  }
  if (lines.empty()) return std::nullopt;
  return lines[random_.between(0, lines.size() - 1)];
}

Step RandomSteps::refund(const TillModel& model, std::uint64_t number, std::uint64_t line) {
  const SaleFacts& sale = model.sales[number - 1];
  const auto left = static_cast<std::uint64_t>(sale.left_of(line));
  RefundFacts facts =
      sale.refund_of(line, static_cast<std::int64_t>(random_.between(1, left)), one_in(2));
  facts.number = model.refunds + 1;
  facts.day = *model.open_day;
  facts.to_card = facts.amount > 0 && one_in(3);
  facts.reason = "reason " + std::to_string(random_.between(1, 1000));
  till::RefundOrder order;
  order.invoice = number;
  order.lines = {{static_cast<std::uint32_t>(line),
                  core::Quantity{facts.count * core::Quantity::kUnit}, facts.restock}};
  order.paid_back_by =
      facts.to_card ? core::retail::TenderKind::kCard : core::retail::TenderKind::kCash;
  order.reason = facts.reason;
  return {"refunding",
          [=](Till& t) -> Result<void> {
            TRY_ASSIGN(const till::Refunded refunded, t.refund(order, 1));
            REQUIRE(refunded.number == facts.number);
            REQUIRE(refunded.amount.minor == facts.amount);
            return {};
          },
          [=](TillModel& m) {
            ++m.refunds;
            m.sales[number - 1].refunds.push_back(facts);
          }};
}

Step RandomSteps::move_cash(const TillModel& model) {
  using core::retail::CashKind;
  const auto kind = static_cast<CashKind>(random_.between(1, 4));
  const CashFacts moved{*model.open_day, kind == CashKind::kFloat || kind == CashKind::kPaidIn,
                        static_cast<std::int64_t>(random_.between(1, 50000))};
  const std::uint64_t number = model.cash.size() + 1;
  return {"moving cash",
          [=](Till& t) -> Result<void> {
            TRY_ASSIGN(const std::uint64_t given,
                       t.move_cash(kind, core::Money{moved.amount, kUsd}, "why", 1));
            REQUIRE(given == number);
            return {};
          },
          [=](TillModel& m) { m.cash.push_back(moved); }};
}

Step RandomSteps::close_day(const TillModel& model) {
  const std::int64_t expected = model.expected_cash();
  const std::int64_t delta = static_cast<std::int64_t>(random_.between(0, 1000)) - 500;
  const std::int64_t counted = std::max<std::int64_t>(0, expected + delta);
  const bool counts = !one_in(4);
  return {"closing a day",
          [=](Till& t) -> Result<void> {
            std::optional<core::Money> cash;
            if (counts) cash = core::Money{counted, kUsd};
            TRY(t.close_day(cash));
            return {};
          },
          [=](TillModel& m) {
            if (m.delivery_awaited) m.messages.push_back({false, *m.open_day, {}, 0, false, {}});
            m.delivery_awaited = false;
            const std::int64_t over = counts ? counted - expected : 0;
            m.messages.push_back({true, *m.open_day, {}, over, false, {}});
            m.last_day = m.open_day;
            m.open_day.reset();
          }};
}

}  // namespace test
