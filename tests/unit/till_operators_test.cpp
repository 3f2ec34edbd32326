// Operators: who may do what, PINs, lock-out, approvals, and the table that the documentation
// shows.
#include <doctest/doctest.h>

#include <regex>

#include "tests/support/source_tree.h"
#include "tests/unit/operator_samples.h"

using namespace till_test;
using core::Errc;
using core::retail::CashKind;
using till::Permission;
using till::PermissionSet;
using till::Role;
using till::Till;
using Names = std::vector<std::string>;

TEST_CASE("a PIN is 4 to 12 digits, and the ones that everybody tries are too simple") {
  for (const char* bad : {"", "123", "1234567890123", "12a4", " 1234", "1234\n", "-123"}) {
    CAPTURE(bad);
    const auto read = till::Pin::from(bad);
    refused_with(read, Errc::kUsage);
    CHECK((bad[0] == '\0' || read.error().what.find(bad) == std::string::npos));
  }
  for (const char* simple : {"0000", "1234", "0987", "7890", "4321", "2468", "1212", "123123",
                             "470470470470", "99999999"}) {
    CAPTURE(simple);
    CHECK(pin(simple).too_simple());
  }
  for (const char* good : {"4701", "1235", "1213", "0001", "123124", "998899"}) {
    CAPTURE(good);
    CHECK_FALSE(pin(good).too_simple());
  }
}

TEST_CASE("a PIN's hash fits that PIN only, has a salt, and is refused with other parameters") {
  const std::string hash = core::retail::hash_pin(pin("4701")).value();
  CHECK(hash.starts_with("$argon2id$v=19$m=7168,t=5,p=1$"));
  CHECK(hash != core::retail::hash_pin(pin("4701")).value());
  CHECK(core::retail::pin_fits(pin("4701"), hash).value());
  CHECK_FALSE(core::retail::pin_fits(pin("4702"), hash).value());
  CHECK_FALSE(core::retail::pin_fits(pin("47010"), hash).value());
  std::string greedy = hash;
  greedy.replace(greedy.find("m=7168"), 6, "m=4194304");
  for (const std::string& bad : {greedy, hash.substr(0, 40), std::string(), std::string("4701")}) {
    CAPTURE(bad);
    refused_with(core::retail::pin_fits(pin("4701"), bad), Errc::kDamaged);
  }
}

TEST_CASE("a journal without operators allows everything, until the first manager is made") {
  Shop shop;
  Till till = shop.open();
  CHECK(till.open_day(day(1), parts_for(4)));
  CHECK(till.ring(sets(1), noon(1)));
  refused_with(till.operators().add({kCashier, "Cleo", Role::kCashier}, pin(kCashierPin), 1),
               Errc::kState, "manager");
  REQUIRE(till.operators().add({kManager, "Mary", Role::kManager}, pin(kManagerPin), 1));
  refused_with(till.ring(sets(1), noon(1)), Errc::kNotPermitted, "signed on");
  refused_with(till.close_day(), Errc::kNotPermitted, "signed on");
  // Naming somebody is not signing on.
  till.act_as({kManager, {}});
  refused_with(till.close_day(), Errc::kNotPermitted, "signed on");
  REQUIRE(till.operators().sign_on(kManager, pin(kManagerPin), 1));
  CHECK(till.close_day());
  REQUIRE(till.operators().sign_off(kManager, 1));
  refused_with(till.open_day(day(2), {}), Errc::kNotPermitted, "signed on");
  CHECK(till.check());
}

TEST_CASE("names, numbers and PINs of operators are looked at before anything is written") {
  StaffedShop shop;
  Till till = shop.as_manager();
  const auto add = [&](std::uint32_t id, const std::string& name, const char* digits) {
    return till.operators().add({core::OperatorId{id}, name, Role::kCashier}, pin(digits), 1);
  };
  const std::size_t rows = audit_of(till).size();
  refused_with(add(0, "Zoe", "4701"), Errc::kUsage, "from 1");
  refused_with(add(4, "", "4701"), Errc::kUsage, "name");
  refused_with(add(4, std::string(61, 'x'), "4701"), Errc::kUsage, "name");
  refused_with(add(4, "Zo\xff", "4701"), Errc::kUsage, "UTF-8");
  refused_with(add(4, "Zoe\n", "4701"), Errc::kUsage, "control");
  refused_with(add(4, "Zoe", "1234"), Errc::kUsage, "too simple");
  refused_with(add(kCashier.value, "Zoe", "4701"), Errc::kExists);
  refused_with(till.operators().change(core::OperatorId{9}, {}, 1), Errc::kNotFound);
  refused_with(till.operators().change(kCashier, {}, 1), Errc::kUsage, "nothing");
  CHECK(audit_of(till).size() == rows);
  CHECK(add(4, "Zoë", "4701"));
  CHECK(add(UINT32_MAX, "Max", "4701"));
  CHECK(till.check());
}

TEST_CASE("every operation asks for its permission, and changes nothing without it") {
  StaffedShop shop;
  {
    Till till = shop.as_supervisor();
    REQUIRE(till.open_day(day(1), parts_for(4)));
    REQUIRE(till.ring(sets(1), noon(1)));
    REQUIRE(till.move_cash(CashKind::kFloat, usd(100), "change", noon(1)));
    REQUIRE(till.open_drawer("rolls of coins", noon(1)));
    till::Basket cheaper = sets(1);
    cheaper.lines[0].discount = usd(100);
    REQUIRE(till.ring(cheaper, noon(1)));
    REQUIRE(till.day_so_far());
    refused_with(till.replace_catalog(garden()), Errc::kNotPermitted, "catalog");
    refused_with(till.set_backup_to({}), Errc::kNotPermitted, "settings");
    refused_with(till.join(shop.shop().office().roster()), Errc::kNotPermitted, "settings");
    refused_with(till.rekey(till::JournalKey::from(core::Bytes(32, 1)).value()),
                 Errc::kNotPermitted, "settings");
    refused_with(till.operators().add({core::OperatorId{4}, "Zoe", Role::kCashier}, pin("4701"), 1),
                 Errc::kNotPermitted, "operators");
    refused_with(till.operators().unlock(kCashier, 1), Errc::kNotPermitted, "operators");
  }
  {
    Till till = shop.as_cashier();
    const auto numbers = till.status().value().last_numbers;
    const std::size_t rows = audit_of(till).size();
    REQUIRE(till.ring(sets(1), noon(1)));
    const auto sold = till.document(core::retail::Series::kInvoice, 3).value().document;
    CHECK(heading_of(sold).operator_id == kCashier);
    CHECK(heading_of(sold).approved_by.value == 0);
    till::Basket cheaper = sets(1);
    cheaper.lines[0].discount = usd(100);
    refused_with(till.ring(cheaper, noon(1)), Errc::kNotPermitted, "discount");
    refused_with(till.void_sale(1, "x", noon(1)), Errc::kNotPermitted,
                 "operator 3 (Cleo, cashier) may not: void");
    till::RefundOrder order;
    order.invoice = 1;
    order.lines = {{0, units(1), true}};
    order.reason = "x";
    refused_with(till.refund(order, noon(1)), Errc::kNotPermitted, "refund");
    refused_with(till.move_cash(CashKind::kPaidOut, usd(1), "x", noon(1)), Errc::kNotPermitted,
                 "cash");
    refused_with(till.open_drawer("x", noon(1)), Errc::kNotPermitted, "no-sale");
    refused_with(till.day_so_far(), Errc::kNotPermitted, "report");
    refused_with(till.close_day(), Errc::kNotPermitted, "a supervisor or manager");
    auto after = till.status().value().last_numbers;
    for (const auto series : core::retail::kSaleSeries) --after[series];
    CHECK(after == numbers);
    CHECK(audit_of(till).size() == rows);  // a sale writes no row of its own
  }
  Till till = shop.as_manager();
  CHECK(till.set_backup_to({}));
  CHECK(till.replace_catalog(garden()));
  CHECK(till.close_day());
  CHECK(till.check());
}

TEST_CASE("another operator's PIN approves one operation, as far as that operator may") {
  StaffedShop shop;
  {
    Till till = shop.as_supervisor();
    REQUIRE(till.open_day(day(1), parts_for(4)));
    REQUIRE(till.ring(sets(1), noon(1)));
    REQUIRE(till.ring(sets(1), noon(1)));
  }
  Till till = shop.as_cashier();
  const auto approve = [&](core::OperatorId id, const char* digits, PermissionSet what) {
    return till.operators().approve(id, pin(digits), what, 1);
  };
  refused_with(approve(kCashier, kCashierPin, PermissionSet::all()), Errc::kState, "another");
  refused_with(approve(kSupervisor, kWrongPin, PermissionSet::all()), Errc::kWrongPin, "4 more");
  refused_with(till.void_sale(1, "x", noon(1)), Errc::kNotPermitted);
  REQUIRE(approve(kSupervisor, kSupervisorPin, {Permission::kVoid}));
  // For a void only.
  refused_with(till.open_drawer("x", noon(1)), Errc::kNotPermitted, "no-sale");
  // An operation that fails for another reason does not use the approval up.
  refused_with(till.void_sale(17, "x", noon(1)), Errc::kNotFound);
  REQUIRE(till.operators().permit({Permission::kVoid}).value() ==
          till::Actor{kCashier, kSupervisor});
  REQUIRE(till.void_sale(1, "x", noon(1)));
  const auto voided = till.document(core::retail::Series::kVoid, 1).value().document;
  CHECK(heading_of(voided).operator_id == kCashier);
  CHECK(heading_of(voided).approved_by == kSupervisor);
  refused_with(till.void_sale(2, "x", noon(1)), Errc::kNotPermitted);
  // What the acting operator may do alone names no approver.
  REQUIRE(approve(kSupervisor, kSupervisorPin, PermissionSet::all()));
  CHECK(till.operators().permit({Permission::kSale}).value() == till::Actor{kCashier, {}});
  // What the approver may not do either stays refused.
  refused_with(till.change_prices({{kSet, usd(1)}}), Errc::kNotPermitted, "a manager");
  // Whoever acts next has no approval of the one before.
  REQUIRE(till.operators().sign_on(kCashier, pin(kCashierPin), 1));
  refused_with(till.void_sale(2, "x", noon(1)), Errc::kNotPermitted);
  // The log has who approved.
  REQUIRE(approve(kManager, kManagerPin, {Permission::kCatalog}));
  REQUIRE(till.change_prices({{kSet, usd(1)}}));
  const auto rows = audit_of(till);
  CHECK(rows.back().note.event == till::AuditEvent::kCatalogReplaced);
  CHECK(rows.back().operator_id == kCashier);
  CHECK(rows.back().approved_by == kManager);
  CHECK(rows.back().device == "front desk");
  CHECK(rows.at(rows.size() - 2).note.event == till::AuditEvent::kApproved);
  CHECK(till.check());
}

TEST_CASE("five wrong PINs lock an operator out, and nothing but time or a manager unlocks") {
  StaffedShop shop;
  const auto try_with = [&](const char* digits) {
    Till till = shop.open();  // the count is in the journal, not in the program
    return till.operators().sign_on(kCashier, pin(digits), shop.machine().wall_ms);
  };
  for (int left = 4; left >= 1; --left) {
    refused_with(try_with(kWrongPin), Errc::kWrongPin, std::to_string(left) + " more");
  }
  SUBCASE("a right one before the fifth forgets the wrong ones") {
    REQUIRE(try_with(kCashierPin));
    refused_with(try_with(kWrongPin), Errc::kWrongPin, "4 more");
    return;
  }
  refused_with(try_with(kWrongPin), Errc::kLockedOut, "15 min");
  Machine& machine = shop.machine();
  SUBCASE("the right PIN is not looked at, and the attempt writes nothing") {
    Till till = shop.open();
    const std::size_t rows = audit_of(till).size();
    refused_with(till.operators().sign_on(kCashier, pin(kCashierPin), 1), Errc::kLockedOut);
    CHECK(audit_of(till).size() == rows);
    CHECK(events_of(till, rows - 1) == Names{"pin-tried", "operator-locked"});
  }
  SUBCASE("a clock that is set forward does not help") {
    machine.wall_ms += std::int64_t{100} * 365 * 86'400'000;
    refused_with(try_with(kCashierPin), Errc::kLockedOut);
  }
  SUBCASE("a restart starts the time anew") {
    machine.pass_ms(till::kLockOutMs - 1);
    refused_with(try_with(kCashierPin), Errc::kLockedOut);
    machine.restart();
    refused_with(try_with(kCashierPin), Errc::kLockedOut, "15 min");
    machine.pass_ms(till::kLockOutMs - 1);
    refused_with(try_with(kCashierPin), Errc::kLockedOut, "1 min");
    machine.pass_ms(1);
    CHECK(try_with(kCashierPin));
  }
  SUBCASE("after its time one PIN is looked at, and a wrong one locks for twice as long") {
    std::int64_t lock_ms = till::kLockOutMs;
    for (int n = 0; n < 8; ++n) {
      machine.pass_ms(lock_ms - 1);
      refused_with(try_with(kCashierPin), Errc::kLockedOut);
      machine.pass_ms(1);
      refused_with(try_with(kWrongPin), Errc::kLockedOut);
      lock_ms = std::min(2 * lock_ms, till::kLockOutMsMax);
    }
    machine.pass_ms(till::kLockOutMsMax);
    CHECK(try_with(kCashierPin));
    refused_with(try_with(kWrongPin), Errc::kWrongPin, "4 more");
  }
  SUBCASE("a manager unlocks; others go on meanwhile") {
    Till till = shop.as_manager();
    REQUIRE(till.operators().unlock(kCashier, 1));
    refused_with(till.operators().unlock(kCashier, 1), Errc::kState, "not locked");
    CHECK(till.operators().sign_on(kCashier, pin(kCashierPin), 1));
  }
  shop.check();
}

TEST_CASE("an operator who is not active does nothing, and one manager always is") {
  StaffedShop shop;
  till::OperatorChange off;
  off.active = false;
  till::OperatorChange down;
  down.role = Role::kSupervisor;
  {
    Till till = shop.as_manager();
    refused_with(till.operators().change(kManager, off, 1), Errc::kState, "no active manager");
    refused_with(till.operators().change(kManager, down, 1), Errc::kState, "no active manager");
    REQUIRE(till.operators().sign_on(kCashier, pin(kCashierPin), 1));
    till.act_as({kManager, {}});
    REQUIRE(till.operators().change(kCashier, off, 1));
    till.act_as({kCashier, {}});
    refused_with(till.operators().permit({}), Errc::kNotPermitted, "signed on");
  }
  Till till = shop.open();
  refused_with(till.operators().sign_on(kCashier, pin(kCashierPin), 1), Errc::kNotPermitted,
               "not active");
  refused_with(till.operators().sign_on(core::OperatorId{9}, pin(kCashierPin), 1), Errc::kNotFound);
  CHECK(till.check());
}

TEST_CASE("an operator changes its own PIN, and nobody else's") {
  StaffedShop shop;
  const till::Pin fresh = pin("55013");
  till::OperatorChange change;
  change.pin = &fresh;
  {
    Till till = shop.as_cashier();
    refused_with(till.operators().change(kSupervisor, change, 1), Errc::kNotPermitted);
    change.role = Role::kManager;
    refused_with(till.operators().change(kCashier, change, 1), Errc::kNotPermitted);
    change.role.reset();
    REQUIRE(till.operators().change(kCashier, change, 1));
  }
  Till till = shop.open();
  refused_with(till.operators().sign_on(kCashier, pin(kCashierPin), 1), Errc::kWrongPin);
  CHECK(till.operators().sign_on(kCashier, fresh, 1));
  CHECK(till.check());
}

TEST_CASE("the time clock records who came and went, by a clock that proves nothing") {
  StaffedShop shop;
  Till till = shop.as_cashier();
  refused_with(till.operators().clock_out(kCashier, 1), Errc::kState, "out already");
  refused_with(till.operators().clock_in(kSupervisor, 1), Errc::kState, "not signed on");
  REQUIRE(till.operators().clock_in(kCashier, 1000));
  refused_with(till.operators().clock_in(kCashier, 1), Errc::kState, "in already");
  REQUIRE(till.operators().sign_on(kSupervisor, pin(kSupervisorPin), 1));
  REQUIRE(till.operators().clock_in(kSupervisor, 2000));
  REQUIRE(till.operators().clock_out(kCashier, 500));  // it was set back
  REQUIRE(till.operators().clock_in(kCashier, 9000));
  const auto shifts = till.operators().shifts().value();
  REQUIRE(shifts.size() == 3);
  CHECK(shifts[0].operator_id == kCashier);
  CHECK(shifts[0].in_ms == 1000);
  CHECK(shifts[0].out_ms == 500);
  CHECK(shifts[1].operator_id == kSupervisor);
  CHECK_FALSE(shifts[1].out_ms);
  CHECK(shifts[2].in_ms == 9000);
  CHECK_FALSE(shifts[2].out_ms);
  CHECK(till.check());
}

TEST_CASE("the table of roles in the documentation is the one in the program") {
  const std::string text = test::read_text(test::source_root() / "docs/operators.md");
  static const std::regex kRow("\\n\\| `([a-z-]+)` \\| (yes|) ?\\| (yes|) ?\\| (yes|) ?\\|");
  std::size_t rows = 0;
  for (std::sregex_iterator it(text.begin(), text.end(), kRow), end; it != end; ++it, ++rows) {
    REQUIRE(rows < till::kPermissionCount);
    const auto permission = static_cast<Permission>(rows);
    CAPTURE(it->str());
    CHECK((*it)[1].str() == till::permission_name(permission));
    for (std::size_t i = 0; i < 3; ++i) {
      const bool may = till::permissions_of(till::kRoles[i]).contains(permission);
      CHECK(((*it)[i + 2].str() == "yes") == may);
    }
  }
  CHECK(rows == till::kPermissionCount);
}
