// Till::check(): it is the oracle of the crash tests, so it must see what is wrong.
#include <doctest/doctest.h>

#include "core/retail/pricing.h"
#include "tests/unit/operator_samples.h"

using namespace till_test;
using till::Till;

namespace {

// Two closed days and an open one, tampered with by SQL behind the till's back.
void finds(const std::string& sql, const std::string& says) {
  CAPTURE(sql);
  Shop shop;
  for (int d = 1; d <= 3; ++d) {
    shop.open_day(d);
    shop.ring(sets(1));
    shop.ring(sets(2));
    if (d < 3) shop.close_day();
  }
  shop.check();
  {
    auto db = core::sqlite::Database::open(shop.journal(), {}).value();
    const auto done = db.exec("DROP TRIGGER document_stays; DROP TRIGGER document_is_kept; " + sql);
    REQUIRE_MESSAGE(done, (done ? "" : describe(done.error())));
  }
  Till till = shop.open();
  const auto checked = till.check();
  REQUIRE_FALSE(checked);
  CHECK(checked.error().code == core::Errc::kDamaged);
  CHECK_MESSAGE(checked.error().what.find(says) != std::string::npos, checked.error().what);
}

}  // namespace

TEST_CASE("documents cannot be changed or removed") {
  Shop shop;
  shop.open_day(1);
  shop.ring(sets(1));
  shop.step([](Till& t) { return t.void_sale(1, "x", 1); });
  auto db = core::sqlite::Database::open(shop.journal(), {}).value();
  for (const char* sql : {"UPDATE document SET day = 1", "DELETE FROM document"}) {
    CAPTURE(sql);
    const auto done = db.exec(sql);
    REQUIRE_FALSE(done);
    CHECK(done.error().what.find("append-only") != std::string::npos);
  }
}

TEST_CASE("check finds what does not fit together") {
  finds("DELETE FROM document WHERE position = 3", "a gap is before it");
  finds("DELETE FROM document WHERE position = 6", "counters are not at the last document");
  finds(
      "UPDATE document SET body = (SELECT body FROM document WHERE position = 1) "
      "WHERE position = 2",
      "position 2: its row and its body disagree");
  finds("UPDATE document SET day = day + 1 WHERE position = 6", "its row and its body disagree");
  finds("UPDATE document SET chain = zeroblob(32) WHERE position = 3", "was changed after");
  finds("UPDATE document SET about = 1, about_series = 3 WHERE position = 3",
        "its row and its body disagree");
  // A time that was altered in place: only the chain knows.
  finds(
      "UPDATE document SET body = CAST(substr(body, 1, 6) || x'05' || substr(body, 8) AS BLOB) "
      "WHERE position = 2",
      "was changed after");
  finds("UPDATE document SET body = x'00' WHERE position = 2", "position 2");
  finds("UPDATE counter SET last = 7 WHERE series = 3", "counters are not at the last document");
  finds("UPDATE state SET sold_minor = 1", "the grand totals are not the closings' sum");
  finds("DELETE FROM outbox WHERE sequence = 2", "does not follow the one before");
  finds("DELETE FROM outbox WHERE sequence = 5", "not at the last message");
  finds(
      "UPDATE outbox SET message = (SELECT message FROM outbox WHERE sequence = 1) "
      "WHERE sequence = 3",
      "message 3");
  finds("UPDATE state SET open_day = NULL", "opening and closing disagree");
  finds("UPDATE state SET delivery_awaited_since = 1", "an opening is awaited that was sent");
  finds("UPDATE state SET open_day = open_day + 1", "the open day has no opening message");
  finds("UPDATE state SET last_day = last_day - 1", "last closed day has no closing message");
  finds("UPDATE goods_receipt SET thousandths = 1 WHERE position = 2", "is not its goods receipts");
}

TEST_CASE("check finds a refund that gives back more than its sale, and a void of another day") {
  using core::retail::Series;
  Shop shop;
  shop.open_day(1);
  shop.ring(sets(1));
  shop.close_day();
  shop.open_day(2);
  shop.ring(sets(1));
  shop.check();
  const auto write = [&](const core::retail::Document& document) {
    auto journal = till::Journal::open(shop.journal(), till::Durability::kSimulated).value();
    REQUIRE(journal.transact([&] { return journal.add_document(document); }));
  };
  const auto complains = [&](const std::string& what) {
    Till till = shop.open();
    const auto checked = till.check();
    REQUIRE_FALSE(checked);
    CHECK_MESSAGE(checked.error().what.find(what) != std::string::npos, checked.error().what);
  };
  const auto sale = std::get<core::retail::Sale>(
      shop.step([](Till& t) { return t.document(Series::kInvoice, 1); }).document);
  SUBCASE("a line that gives back a cent too much") {
    core::retail::Refund refund;
    refund.day = day(2);
    refund.currency = kUsd;
    refund.numbers[Series::kRefund] = 1;
    refund.invoice = 1;
    refund.reason = "x";
    refund.lines.push_back(mirror_line(sale.lines[0], 0, {}, units(1), true).value());
    --refund.lines[0].mirror.amount.minor;
    refund.tenders[core::retail::TenderKind::kCash] = refund.lines[0].mirror.amount;
    write(refund);
    complains("a line does not mirror the sale's");
  }
  SUBCASE("a void of the day before") {
    core::retail::Void cancel;
    cancel.day = day(2);
    cancel.currency = kUsd;
    cancel.numbers[Series::kVoid] = 1;
    cancel.invoice = 1;
    cancel.reason = "x";
    write(cancel);
    complains("it voids a sale of another day");
  }
}

TEST_CASE("a closing says who sold what, and check finds another share of it") {
  StaffedShop staffed;
  {
    Till till = staffed.as_manager();
    REQUIRE(till.open_day(day(1), parts_for(4)));
    REQUIRE(till.ring(sets(1), noon(1)));
  }
  REQUIRE(staffed.as_cashier().ring(sets(2), noon(1)));
  REQUIRE(staffed.as_supervisor().void_sale(1, "wrong set", noon(1)));
  REQUIRE(staffed.as_manager().ring(sets(1), noon(1)));
  REQUIRE(staffed.as_supervisor().close_day());
  staffed.check();

  const auto entry = staffed.open().outbox().all(core::Sequence{0}, 10).value().back();
  auto closing = std::get<core::retail::Closing>(staffed.shop().summary_of(entry));
  const auto price = usd(50000);
  REQUIRE(closing.operators.size() == 2);
  CHECK(closing.operators.at(kManager) ==
        core::retail::OperatorRow{1, price, usd(0), 0, 0, usd(0)});
  CHECK(closing.operators.at(kCashier) ==
        core::retail::OperatorRow{1, usd(100000), usd(0), 0, 0, usd(0)});

  // In balance, signed by the till and in its place: only the documents say otherwise.
  SUBCASE("what one took is the other's") {
    std::swap(closing.operators.at(kManager), closing.operators.at(kCashier));
  }
  SUBCASE("nobody did anything") {
    closing.operators.clear();
  }
  const auto key = till::Journal::open(staffed.shop().journal(), till::Durability::kSimulated)
                       .value()
                       .identity()
                       .key;
  const core::Bytes forged = staffed.shop().office().instead_of(entry, closing, key);
  {
    auto db = core::sqlite::Database::open(staffed.shop().journal(), {}).value();
    auto message = db.prepare("UPDATE outbox SET message = ? WHERE sequence = 2").value();
    REQUIRE(message.bind_blob(1, forged).run());
    auto state = db.prepare("UPDATE state SET last_id = ?").value();
    REQUIRE(state.bind_blob(1, core::envelope::message_id(forged).view()).run());
  }
  Till till = staffed.open();
  const auto checked = till.check();
  REQUIRE_FALSE(checked);
  CHECK_MESSAGE(checked.error().what.find("is not its documents' sum") != std::string::npos,
                checked.error().what);
}
