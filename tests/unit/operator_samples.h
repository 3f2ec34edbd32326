// A shop with operators: a manager (1), a supervisor (2), a cashier (3), and a clock that stands.
#pragma once

#include "tests/unit/till_samples.h"
#include "till/operators.h"

namespace till_test {

inline const core::OperatorId kManager{1};
inline const core::OperatorId kSupervisor{2};
inline const core::OperatorId kCashier{3};
inline constexpr const char* kManagerPin = "470113";
inline constexpr const char* kSupervisorPin = "2958";
inline constexpr const char* kCashierPin = "8093";
inline constexpr const char* kWrongPin = "6174";

inline till::Pin pin(std::string_view digits) {
  return till::Pin::from(digits).value();
}

// A time that a document of that business day may have.
inline std::int64_t noon(std::int32_t number) {
  return std::int64_t{day(number).days} * 86'400'000 + 43'200'000;
}

// A machine that is switched on and off by the test.
struct Machine {
  std::uint8_t boot = 1;
  std::int64_t uptime_ms = 1000;
  std::int64_t wall_ms = 1'764'000'000'000;

  till::Uptime uptime() const {
    till::Uptime out;
    out.boot.bytes.fill(boot);
    out.ms = uptime_ms;
    return out;
  }
  void pass_ms(std::int64_t by) {
    uptime_ms += by;
    wall_ms += by;
  }
  void restart() {
    ++boot;
    uptime_ms = 0;
  }
  // Owner: the machine outlives the till.
  void place(till::Till& till) const {
    till::Surroundings here;
    here.device = "front desk";
    here.now_ms = [this] { return wall_ms; };
    here.uptime = [this]() -> core::Result<till::Uptime> { return uptime(); };
    till.stand_at(std::move(here));
  }
};

class StaffedShop {
 public:
  StaffedShop() {
    till::Till till = open();
    REQUIRE(till.operators().add({kManager, "Mary", till::Role::kManager}, pin(kManagerPin), 1));
    REQUIRE(till.operators().sign_on(kManager, pin(kManagerPin), 2));
    REQUIRE(till.operators().add({kSupervisor, "Sam", till::Role::kSupervisor}, pin(kSupervisorPin),
                                 3));
    REQUIRE(till.operators().add({kCashier, "Cleo", till::Role::kCashier}, pin(kCashierPin), 4));
  }

  till::Till open() {
    till::Till till = shop_.open();
    machine_.place(till);
    return till;
  }
  // Opened anew, with this operator signed on.
  till::Till as(core::OperatorId id, std::string_view digits) {
    till::Till till = open();
    const auto done = till.operators().sign_on(id, pin(digits), machine_.wall_ms);
    REQUIRE_MESSAGE(done, (done ? "" : describe(done.error())));
    return till;
  }
  till::Till as_manager() { return as(kManager, kManagerPin); }
  till::Till as_supervisor() { return as(kSupervisor, kSupervisorPin); }
  till::Till as_cashier() { return as(kCashier, kCashierPin); }
  void check() {
    till::Till till = open();
    const auto checked = till.check();
    CHECK_MESSAGE(checked, (checked ? "" : describe(checked.error())));
  }

  Shop& shop() { return shop_; }
  Machine& machine() { return machine_; }

 private:
  Shop shop_;
  Machine machine_;
};

inline std::vector<till::AuditRow> audit_of(till::Till& till) {
  std::vector<till::AuditRow> rows;
  REQUIRE(till.audit_log(1, [&](till::AuditRow&& row) -> core::Result<void> {
    rows.push_back(std::move(row));
    return {};
  }));
  return rows;
}

// The names of the events from position `first` on.
inline std::vector<std::string> events_of(till::Till& till, std::size_t first = 1) {
  std::vector<std::string> out;
  for (const till::AuditRow& row : audit_of(till)) {
    if (row.position >= first) out.emplace_back(audit_event_name(row.note.event));
  }
  return out;
}

template <typename T>
void refused_with(const core::Result<T>& result, core::Errc code, const std::string& says = "") {
  REQUIRE_FALSE(result);
  CHECK_MESSAGE(result.error().code == code, describe(result.error()));
  CHECK_MESSAGE(result.error().what.find(says) != std::string::npos, describe(result.error()));
}

}  // namespace till_test
