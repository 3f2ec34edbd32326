// The audit log: what it tells, that it cannot be changed, and that whatever was changed behind
// SQLite's back is found.
#include <doctest/doctest.h>

#include <set>

#include "tests/unit/operator_samples.h"

using namespace till_test;
using core::Errc;
using till::AuditEvent;
using till::AuditNote;
using till::Till;
using Names = std::vector<std::string>;

namespace {

// A day with operators, a locked one among them, and notes.
void work(StaffedShop& shop) {
  {
    Till till = shop.as_supervisor();
    REQUIRE(till.operators().clock_in(kSupervisor, 5));
    REQUIRE(till.open_day(day(1), parts_for(4)));
    REQUIRE(till.ring(sets(1), noon(1)));
    REQUIRE(till.audit({AuditEvent::kClockJumped, "clock", "2026", "1970", 1}));
    REQUIRE(till.close_day());
    REQUIRE(till.open_day(day(2), {}));
    REQUIRE(till.ring(sets(1), noon(1)));
    REQUIRE(till.ring(sets(2), noon(1)));
  }
  Till till = shop.as_cashier();
  REQUIRE_FALSE(till.operators().approve(kSupervisor, pin(kWrongPin), {}, 1));
}

const std::string kDropGuards =
    "DROP TRIGGER document_stays; DROP TRIGGER document_is_kept; DROP TRIGGER document_is_new; "
    "DROP TRIGGER audit_stays; DROP TRIGGER audit_is_kept; DROP TRIGGER audit_is_new; "
    "DROP TRIGGER operator_is_kept; DROP TRIGGER print_is_kept; DROP TRIGGER print_goes_on; ";

// Drops the triggers, changes something, and makes them again as they were: only what is chained
// can tell.
std::string behind(core::sqlite::Database& db, const std::string& sql) {
  std::string again;
  {
    auto s = db.prepare("SELECT sql FROM sqlite_schema WHERE type = 'trigger'").value();
    while (s.step().value()) again += std::string(s.column_text(0)) + "; ";
  }
  return kDropGuards + sql + "; " + again;
}

}  // namespace

TEST_CASE("operations tell who, where and what, in the transaction of what they change") {
  StaffedShop shop;
  work(shop);
  Till till = shop.open();
  CHECK(events_of(till) ==
        Names{"joined", "operator-made", "pin-tried", "signed-on", "operator-made", "operator-made",
              "pin-tried", "signed-on", "clocked-in", "day-opened", "clock-jumped", "day-closed",
              "day-opened", "pin-tried", "signed-on", "pin-tried", "pin-failed"});
  const auto rows = audit_of(till);
  CHECK(rows[0].operator_id.value == 0);
  CHECK(rows[0].device == "4/1");
  CHECK(rows[9].operator_id == kSupervisor);
  CHECK(rows[9].device == "front desk");
  CHECK(rows[9].note.subject == to_string(day(1)));
  CHECK(rows[9].note.time_ms == shop.machine().wall_ms);
  CHECK(rows[11].note.after.find("500.00 USD") != std::string::npos);
  CHECK(rows[4].note.before.empty());
  CHECK(rows[4].note.after.find("\"Sam\"") != std::string::npos);
  for (const auto& row : rows) CHECK(row.note.after.find("argon2") == std::string::npos);
  CHECK(till.check());
}

TEST_CASE("what waits for the next document is written with it, and not if it is refused") {
  StaffedShop shop;
  Till till = shop.as_supervisor();
  REQUIRE(till.open_day(day(1), parts_for(4)));
  const std::size_t before = audit_of(till).size();
  REQUIRE(till.audit_with_next({AuditEvent::kLineVoided, "line 2", "145 x 2", "", 7}));
  REQUIRE(till.audit_with_next({AuditEvent::kPriceOverridden, "line 1", "500.00", "450.00", 8}));
  CHECK(audit_of(till).size() == before);
  refused_with(till.ring(sets(0), noon(1)), Errc::kMalformed);
  refused_with(till.move_cash(core::retail::CashKind::kPaidIn, usd(0), "x", noon(1)),
               Errc::kMalformed);
  CHECK(audit_of(till).size() == before);
  REQUIRE(till.ring(sets(1), noon(1)));
  CHECK(events_of(till, before + 1) == Names{"line-voided", "price-overridden"});
  CHECK(audit_of(till).back().operator_id == kSupervisor);
  REQUIRE(till.ring(sets(1), noon(1)));
  CHECK(audit_of(till).size() == before + 2);
  REQUIRE(till.audit_with_next({AuditEvent::kReceiptAborted, "receipt", "", "", 9}));
  REQUIRE(till.close_day());
  CHECK(events_of(till, before + 3) == Names{"receipt-aborted", "day-closed"});
  CHECK(till.check());
  const AuditNote long_one{AuditEvent::kSettingChanged, "x", std::string(5000, 'x'), "", 1};
  refused_with(till.audit(long_one), Errc::kMalformed, "limit");
  refused_with(till.audit_with_next({AuditEvent::kSettingChanged, "\xff", "", "", 1}),
               Errc::kMalformed, "UTF-8");
}

TEST_CASE("a clock that jumps is told of once, with the first document that has its time") {
  StaffedShop shop;
  Till till = shop.as_supervisor();
  REQUIRE(till.open_day(day(1), parts_for(4)));
  const std::size_t before = audit_of(till).size();
  REQUIRE(till.ring(sets(1), noon(1)));
  CHECK(audit_of(till).size() == before);
  REQUIRE(till.ring(sets(1), 0));
  REQUIRE(till.ring(sets(1), 1000));
  REQUIRE(till.ring(sets(1), noon(1)));
  REQUIRE(till.ring(sets(1), noon(30000)));
  CHECK(events_of(till, before + 1) == Names{"clock-jumped", "clock-jumped"});
  const auto rows = audit_of(till);
  CHECK(rows[before].operator_id == kSupervisor);
  CHECK(rows[before].note.before == std::to_string(noon(1)) + " ms");
  CHECK(rows[before].note.after == "0 ms");
  CHECK(till.check());
}

TEST_CASE("a failed operation leaves no row, and the log goes on behind it") {
  StaffedShop shop;
  Till till = shop.as_supervisor();
  const std::size_t before = audit_of(till).size();
  REQUIRE(till.open_day(day(1), {}));
  refused_with(till.open_day(day(2), {}), Errc::kState);
  REQUIRE(till.close_day());
  refused_with(till.close_day(), Errc::kState);
  CHECK(events_of(till, before + 1) == Names{"day-opened", "day-closed"});
  CHECK(till.check());
}

TEST_CASE("rows of documents and of the log can be neither changed, removed nor replaced") {
  StaffedShop shop;
  work(shop);
  auto db = core::sqlite::Database::open(shop.shop().journal(), {}).value();
  const auto refuses = [&](const std::string& sql, const std::string& says) {
    CAPTURE(sql);
    const auto done = db.exec(sql);
    REQUIRE_FALSE(done);
    CHECK_MESSAGE(done.error().what.find(says) != std::string::npos, done.error().what);
  };
  refuses("UPDATE audit SET time_ms = 1 WHERE position = 3", "append-only");
  refuses("DELETE FROM audit WHERE position = 3", "append-only");
  refuses("DELETE FROM audit", "append-only");
  refuses("REPLACE INTO audit SELECT * FROM audit WHERE position = 3", "append-only");
  refuses(
      "INSERT OR REPLACE INTO audit SELECT position - 1, time_ms, operator, approver, device, "
      "event, subject, before, after, chain FROM audit WHERE position = 3",
      "append-only");
  refuses("REPLACE INTO document SELECT * FROM document WHERE position = 1", "append-only");
  refuses(
      "REPLACE INTO document SELECT position + 100, day, series, number, about_series, about, "
      "body, "
      "chain FROM document WHERE position = 1",
      "append-only");
  refuses("DELETE FROM operator WHERE id = 3", "operators are kept");
}

TEST_CASE("any column that is changed behind SQLite's back is found") {
  StaffedShop shop;
  work(shop);
  shop.check();
  const core::Bytes sound = test::read_file(shop.shop().journal());
  const auto finds = [&](const std::string& sql) {
    CAPTURE(sql);
    test::write_file(shop.shop().journal(), sound);
    {
      auto db = core::sqlite::Database::open(shop.shop().journal(), {}).value();
      const auto done = db.exec(behind(db, sql));
      REQUIRE_MESSAGE(done, (done ? "" : describe(done.error())));
    }
    auto till = Till::open(shop.shop().journal(), till::Durability::kSimulated);
    const auto checked = till ? till->check() : core::Result<void>(core::fail(till.error()));
    REQUIRE_FALSE(checked);
    CHECK_MESSAGE(checked.error().code == Errc::kDamaged, describe(checked.error()));
  };
  // Every column of every row that is there: the list comes from the tables themselves.
  int columns = 0;
  for (const char* table : {"document", "audit", "audit_head", "operator"}) {
    std::vector<std::pair<std::string, std::string>> fields;
    std::vector<std::int64_t> keys;
    {
      auto db = core::sqlite::Database::open(shop.shop().journal(), {}).value();
      auto s = db.prepare("SELECT name, type FROM pragma_table_info('" + std::string(table) + "')")
                   .value();
      while (s.step().value()) fields.emplace_back(s.column_text(0), s.column_text(1));
      auto rows = db.prepare("SELECT rowid FROM " + std::string(table)).value();
      while (rows.step().value()) keys.push_back(rows.column_int(0));
    }
    REQUIRE_FALSE(keys.empty());
    for (const auto& [name, type] : fields) {
      if (std::string(table) == "audit_head" && name == "id") continue;  // it can only be 1
      for (const std::int64_t key : {keys.front(), keys[keys.size() / 2], keys.back()}) {
        const std::string changed =
            type == "BLOB"   ? "CAST(coalesce(" + name + ", zeroblob(15)) || x'00' AS BLOB)"
            : type == "TEXT" ? name + " || ' '"
                             : "coalesce(" + name + ", 0) + 1000";
        finds("UPDATE " + std::string(table) + " SET " + name + " = " + changed +
              " WHERE rowid = " + std::to_string(key));
        ++columns;
      }
    }
  }
  CHECK(columns >= 3 * (7 + 10 + 2 + 9) - 4);
  finds("UPDATE operator SET failures = 0, tried_boot = NULL, tried_ms = NULL WHERE id = 2");
  finds("UPDATE operator SET role = 3 WHERE id = 3");
  finds("UPDATE operator SET active = 0 WHERE id = 3");
  finds("UPDATE operator SET clocked_in = 0 WHERE id = 2");
  finds("UPDATE operator SET pin_hash = (SELECT pin_hash FROM operator WHERE id = 3) WHERE id = 1");
  finds("DELETE FROM operator WHERE id = 3");
  finds("DELETE FROM operator");
  finds(
      "INSERT INTO operator SELECT 7, name, role, pin_hash, active, failures, tried_boot, "
      "tried_ms, clocked_in FROM operator WHERE id = 1");
  finds("DELETE FROM audit WHERE position = 3");
  finds("DELETE FROM audit WHERE position >= 16");
  finds("DELETE FROM audit_head");
  // A tail cut off together with the head: the days tell.
  finds(
      "DELETE FROM audit WHERE position >= 13; UPDATE audit_head SET rows = 12, "
      "chain = (SELECT chain FROM audit WHERE position = 12); "
      "UPDATE operator SET failures = 0, tried_boot = NULL, tried_ms = NULL");
  finds("DELETE FROM document WHERE position = 3");
}

TEST_CASE("a trigger that is gone or says something else is found") {
  StaffedShop shop;
  work(shop);
  shop.check();
  const core::Bytes sound = test::read_file(shop.shop().journal());
  for (const char* sql :
       {"DROP TRIGGER audit_stays", "DROP TRIGGER audit_is_kept", "DROP TRIGGER audit_is_new",
        "DROP TRIGGER document_stays", "DROP TRIGGER document_is_kept",
        "DROP TRIGGER document_is_new", "DROP TRIGGER operator_is_kept",
        "DROP TRIGGER audit_stays; CREATE TRIGGER audit_stays BEFORE UPDATE ON audit WHEN 0 "
        "BEGIN SELECT raise(ABORT, 'the audit log is append-only'); END"}) {
    CAPTURE(sql);
    test::write_file(shop.shop().journal(), sound);
    {
      auto db = core::sqlite::Database::open(shop.shop().journal(), {}).value();
      REQUIRE(db.exec(sql));
    }
    Till till = shop.open();
    refused_with(till.check(), Errc::kDamaged, "that refuses changes is gone");
  }
}

TEST_CASE("every event has a name of its own") {
  std::set<std::string_view> names;
  for (std::size_t n = 1; n <= till::kAuditEventCount; ++n) {
    const auto event = till::audit_event_of(static_cast<std::int64_t>(n));
    REQUIRE(event);
    names.insert(till::audit_event_name(*event));
  }
  CHECK(names.size() == till::kAuditEventCount);
  CHECK_FALSE(till::audit_event_of(0));
  CHECK_FALSE(till::audit_event_of(static_cast<std::int64_t>(till::kAuditEventCount) + 1));
}
