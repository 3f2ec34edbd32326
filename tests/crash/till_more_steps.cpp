// Random steps of a till: documents of the kinds that are no sale, and printing.
// Must not know disks.
#include <doctest/doctest.h>

#include <algorithm>

#include "tests/crash/till_steps.h"

namespace test {

using core::Result;
using core::retail::Series;
using core::retail::TenderKind;
using till::Till;

namespace {

const core::Currency kUsd = core::Currency::parse("USD").value();

core::Money usd(std::int64_t minor) {
  return {minor, kUsd};
}

std::uint64_t of(Series series) {
  return static_cast<std::uint64_t>(series);
}

// The next number of a series that only this file's steps use.
std::int64_t next_number(const TillModel& model, Series series) {
  const auto it = model.last.find(of(series));
  return it == model.last.end() ? 1 : it->second + 1;
}

// A step whose document takes the next number of a series, which `run` returns.
Step numbered(const std::string& name, const TillModel& model, Series series,
              std::function<Result<std::uint64_t>(Till&)> run,
              std::function<void(TillModel&, DayExtras&)> apply) {
  const std::int64_t number = next_number(model, series);
  const std::int32_t day = *model.open_day;
  return {name,
          [=](Till& t) -> Result<void> {
            TRY_ASSIGN(const std::uint64_t given, run(t));
            REQUIRE(given == static_cast<std::uint64_t>(number));
            return {};
          },
          [=](TillModel& m) {
            m.last[of(series)] = number;
            apply(m, m.extras[day]);
          }};
}

template <typename Fits>
std::vector<std::size_t> open_layaways(const TillModel& model, const Fits& fits) {
  std::vector<std::size_t> places;
  for (std::size_t i = 0; i < model.layaways.size(); ++i) {
    const LayawayFacts& layaway = model.layaways[i];
    if (layaway.state == LayawayFacts::State::kOpen && fits(layaway)) places.push_back(i);
  }
  return places;
}

}  // namespace

till::PrintOutcome Paper::print(core::ByteView job) {
  const std::string text(job.begin(), job.end());
  std::uint64_t& originals = originals_[invoice_];
  if (text.find("COPY") == std::string::npos) ++originals;
  return {till::Printed::kAll, {}};
}

Step RandomSteps::more(const TillModel& model, till::Till& till, std::uint64_t dice) {
  const auto any = open_layaways(model, [](const LayawayFacts&) { return true; });
  switch (dice % 10) {
    case 0:
      return open_drawer(model);
    case 1:
      return receive_goods(model);
    case 2: {
      const auto waits = std::find_if(model.holds.begin(), model.holds.end(),
                                      [](const auto& hold) { return hold.second; });
      if (waits != model.holds.end() && one_in(2)) return drop_held(model, waits->first);
      return put_aside(model);
    }
    case 3:
      return train(model);
    case 4:
      return model.sales.empty() ? train(model) : copy_receipt(model);
    case 5:
      return lay_away(model);
    case 6: {
      const auto unpaid =
          open_layaways(model, [](const LayawayFacts& one) { return one.paid < one.sale.total(); });
      if (unpaid.empty()) return lay_away(model);
      return pay_layaway(model, unpaid[random_.between(0, unpaid.size() - 1)]);
    }
    case 7:
      if (any.empty()) return lay_away(model);
      return one_in(2) ? cancel_layaway(model, any.front()) : hand_over(model, any.back());
    case 8: {
      const auto open = std::find_if(model.cards.begin(), model.cards.end(),
                                     [](const auto& card) { return card.second.open; });
      if (open != model.cards.end() && one_in(2)) return reverse(model, open->first);
      return authorise(model);
    }
    default:
      return print_receipt(model, till);
  }
}

Step RandomSteps::open_drawer(const TillModel& model) {
  return numbered(
      "opening the drawer", model, Series::kDrawer,
      [](Till& t) { return t.open_drawer("change", 1); },
      [](TillModel&, DayExtras& day) { ++day.no_sales; });
}

Step RandomSteps::receive_goods(const TillModel& model) {
  std::vector<std::uint64_t> stocked;
  for (const auto& [id, product] : model.shelf) {
    if (product.parts.empty()) stocked.push_back(id);
  }
  const std::uint64_t id = stocked[random_.between(0, stocked.size() - 1)];
  const auto count = static_cast<std::int64_t>(random_.between(1, 50));
  core::retail::StockMovement movement;
  movement.currency = kUsd;
  movement.kind = core::retail::StockKind::kReceived;
  movement.lines = {{core::ProductId{id}, core::Quantity{count * core::Quantity::kUnit}}};
  return numbered(
      "receiving goods", model, Series::kStock,
      [movement](Till& t) { return t.move_stock(movement, 1); },
      [id, count](TillModel&, DayExtras& day) { day.received[id] += count; });
}

Step RandomSteps::put_aside(const TillModel& model) {
  const PlannedSale plan = random_sale(random_, model.shelf, 3);
  const auto number = static_cast<std::uint64_t>(next_number(model, Series::kHold));
  till::Basket basket;
  basket.lines = plan.basket.lines;
  return numbered(
      "putting aside", model, Series::kHold,
      [basket](Till& t) { return t.put_aside("Ann", basket, 1); },
      [number](TillModel& m, DayExtras&) { m.holds[number] = true; });
}

Step RandomSteps::drop_held(const TillModel& model, std::uint64_t number) {
  return numbered(
      "dropping what was put aside", model, Series::kHold,
      [number](Till& t) { return t.drop_held(number, "she did not come", 1); },
      [number](TillModel& m, DayExtras&) { m.holds[number] = false; });
}

Step RandomSteps::train(const TillModel& model) {
  till::Basket basket;
  basket.lines = random_sale(random_, model.shelf, 3).basket.lines;
  return numbered(
      "training", model, Series::kTraining, [basket](Till& t) { return t.train(basket, 1); },
      [](TillModel&, DayExtras& day) { ++day.trainings; });
}

Step RandomSteps::copy_receipt(const TillModel& model) {
  const std::uint64_t sale = random_.between(1, model.sales.size());
  return numbered(
      "copying a receipt", model, Series::kCopy,
      [sale](Till& t) { return t.record_copy(Series::kInvoice, sale, 1); },
      [](TillModel&, DayExtras& day) { ++day.copies; });
}

Step RandomSteps::lay_away(const TillModel& model) {
  const PlannedSale plan = random_sale(random_, model.shelf, 2);
  const auto total = static_cast<std::uint64_t>(plan.facts.total());
  LayawayFacts facts;
  facts.number = static_cast<std::uint64_t>(next_number(model, Series::kLayaway));
  facts.sale = plan.facts;
  facts.sale.laid_away = true;
  facts.paid = static_cast<std::int64_t>(random_.between(0, total));
  const till::LayawayOrder order{"Bob", plan.basket.lines, usd(facts.paid), {}};
  return numbered(
      "laying away", model, Series::kLayaway,
      [order](Till& t) -> Result<std::uint64_t> {
        TRY_ASSIGN(const till::LaidAway laid, t.open_layaway(order, 1));
        return laid.number;
      },
      [facts](TillModel& m, DayExtras& day) {
        m.layaways.push_back(facts);
        day.deposits += facts.paid;
        day.deposits_in_cash += facts.paid;
      });
}

Step RandomSteps::pay_layaway(const TillModel& model, std::size_t place) {
  const LayawayFacts& facts = model.layaways[place];
  const auto left = static_cast<std::uint64_t>(facts.sale.total() - facts.paid);
  const auto paid = static_cast<std::int64_t>(random_.between(1, left));
  const auto number = static_cast<std::uint64_t>(next_number(model, Series::kLayaway));
  return numbered(
      "paying on a layaway", model, Series::kLayaway,
      [laid = facts.number, paid, left, number](Till& t) -> Result<std::uint64_t> {
        TRY_ASSIGN(const till::LaidAway after, t.pay_layaway(laid, usd(paid), {}, 1));
        REQUIRE(after.number == laid);
        REQUIRE(after.left.minor == static_cast<std::int64_t>(left) - paid);
        return number;
      },
      [place, paid](TillModel& m, DayExtras& day) {
        m.layaways[place].paid += paid;
        day.deposits += paid;
        day.deposits_in_cash += paid;
      });
}

Step RandomSteps::cancel_layaway(const TillModel& model, std::size_t place) {
  const LayawayFacts& facts = model.layaways[place];
  const auto kept =
      static_cast<std::int64_t>(random_.between(0, static_cast<std::uint64_t>(facts.paid)));
  const std::int64_t back = facts.paid - kept;
  till::LayawayCancellation order;
  order.layaway = facts.number;
  order.forfeited = usd(kept);
  order.reason = "he went away";
  const auto number = static_cast<std::uint64_t>(next_number(model, Series::kLayaway));
  return numbered(
      "cancelling a layaway", model, Series::kLayaway,
      [=](Till& t) -> Result<std::uint64_t> {
        TRY_ASSIGN(const core::Money paid_back, t.cancel_layaway(order, 1));
        REQUIRE(paid_back.minor == back);
        return number;
      },
      [=](TillModel& m, DayExtras& day) {
        m.layaways[place].state = LayawayFacts::State::kCancelled;
        day.deposits -= back + kept;
        day.deposits_in_cash -= back;
        day.forfeited += kept;
      });
}

Step RandomSteps::hand_over(const TillModel& model, std::size_t place) {
  const LayawayFacts& layaway = model.layaways[place];
  SaleFacts sale = layaway.sale;
  sale.day = *model.open_day;
  sale.time_ms = 1;
  sale.tenders = {{static_cast<std::uint64_t>(TenderKind::kDeposit), layaway.paid},
                  {static_cast<std::uint64_t>(TenderKind::kCash), sale.total() - layaway.paid}};
  const std::uint64_t number = model.sales.size() + 1;
  return {"handing over",
          [number, laid = layaway.number, sale](Till& t) -> Result<void> {
            TRY_ASSIGN(const till::Rung rung, t.hand_over(laid, {}, 1));
            REQUIRE(rung.numbers.at(Series::kInvoice) == number);
            REQUIRE(rung.total.minor == sale.total());
            return {};
          },
          [place, sale](TillModel& m) {
            m.layaways[place].state = LayawayFacts::State::kHandedOver;
            m.sales.push_back(sale);
          }};
}

Step RandomSteps::authorise(const TillModel& model) {
  // Half of them are for more than any sale, and wait for their reversal.
  const auto amount =
      static_cast<std::int64_t>(random_.between(1, 2000) + (one_in(2) ? 1'000'000'000 : 0));
  const auto number = static_cast<std::uint64_t>(next_number(model, Series::kCard));
  core::retail::CardResult card;
  card.terminal = "60001234";
  card.batch = static_cast<std::uint32_t>(random_.between(1, 2));
  card.authorisation = "A" + std::to_string(number);
  card.masked_number = "************4242";
  card.amount = usd(amount);
  return numbered(
      "authorising a card", model, Series::kCard,
      [card](Till& t) { return t.record_card(card, 1); },
      [number, amount](TillModel& m, DayExtras&) {
        m.cards[number] = {amount, true};
      });
}

Step RandomSteps::reverse(const TillModel& model, std::uint64_t authorised) {
  core::retail::CardResult card;
  card.kind = core::retail::CardKind::kReversed;
  card.terminal = "60001234";
  card.batch = 1;
  card.authorisation = "R" + std::to_string(authorised);
  card.masked_number = "************4242";
  card.amount = usd(model.cards.at(authorised).amount);
  card.reverses = authorised;
  return numbered(
      "reversing a card", model, Series::kCard, [card](Till& t) { return t.record_card(card, 1); },
      [authorised](TillModel& m, DayExtras&) { m.cards[authorised].open = false; });
}

// A receipt that waits for paper: its original, which changes no books, or, when nobody knows what
// became of that, a copy, which is a document. What is on paper is in the books after every cut.
Step RandomSteps::print_receipt(const TillModel& model, till::Till& till) {
  std::vector<till::WaitingDocument> waiting;
  const auto all = till.print_queue().waiting(0, 1000);
  REQUIRE(all);
  for (const till::WaitingDocument& document : *all) {
    if (document.series == Series::kInvoice) waiting.push_back(document);
  }
  if (waiting.empty()) return open_drawer(model);
  const till::WaitingDocument chosen = waiting[random_.between(0, waiting.size() - 1)];
  const std::int32_t day = *model.open_day;
  const std::int64_t copy =
      chosen.mark.state == till::PrintState::kDue ? 0 : next_number(model, Series::kCopy);
  till::PrintOrder order;
  order.number = chosen.number;
  order.style = till::ReceiptStyle::kText;
  return {"printing",
          [this, order](Till& t) -> Result<void> {
            paper_.about(order.number);
            TRY(t.print(order, paper_, 1));
            return {};
          },
          [copy, day](TillModel& m) {
            if (copy == 0) return;
            m.last[of(Series::kCopy)] = copy;
            ++m.extras[day].copies;
          }};
}

}  // namespace test
