// Routes of operators: signing on and off, approvals, the time clock, who works here. A session is
// a token that the client sends with each request (Authorization: Bearer); it ends with the
// process.
#include <random>
#include <utility>

#include "core/base/decimal.h"
#include "till/api/answers.h"
#include "till/api/service.h"
#include "till/operator_report.h"

namespace till::api {
namespace {

using core::Errc;
using core::fail;
using core::Result;

Result<core::OperatorId> operator_of(std::uint64_t number) {
  if (number == 0 || number > UINT32_MAX) {
    return fail(Errc::kUsage, "'operator': expected an operator's number");
  }
  return core::OperatorId{static_cast<std::uint32_t>(number)};
}

Result<core::OperatorId> read_operator(const Fields& body) {
  TRY_ASSIGN(const std::uint64_t number, body.number("operator"));
  return operator_of(number);
}

// Of the path.
Result<core::OperatorId> operator_named(const std::string& text) {
  const auto number = core::parse_unsigned(text);
  return operator_of(number ? *number : 0);
}

Result<Pin> read_pin(const Fields& body) {
  TRY_ASSIGN(const std::string digits, body.text("pin"));
  return Pin::from(digits);
}

// 256 bits: whoever has not been told it cannot guess it.
std::string new_token() {
  std::random_device random;
  core::Bytes bytes;
  for (int i = 0; i < 8; ++i) {
    const std::uint32_t bits = random();
    for (int shift = 0; shift < 32; shift += 8) {
      bytes.push_back(static_cast<std::uint8_t>(bits >> shift));
    }
  }
  return core::to_hex(bytes);
}

}  // namespace

Result<Service::Session*> Service::find_session(const Call& call) {
  const auto found = sessions_.find(call.session);
  if (found != sessions_.end()) return &found->second;
  return fail(Errc::kNotPermitted, "nobody is signed on: sign on first");
}

Result<Service::Answer> Service::get_operators(const Call&) {
  Json out = Json::array();
  for (const auto& [id, who] : till_.operators().all()) {
    out.push_back({{"operator", id.value},
                   {"name", who.name},
                   {"role", role_name(who.role)},
                   {"active", who.active},
                   {"clocked_in", who.clocked_in}});
  }
  return Answer{200, dump(out)};
}

Result<Service::Answer> Service::get_shifts(const Call&) {
  TRY_ASSIGN(const auto shifts, till_.operators().shifts());
  return Answer{200, report_hours(shifts, till_.operators().all(), Form::kJson)};
}

Result<Service::Answer> Service::sign_on(const Call& call) {
  if (sessions_.size() >= kSessionsMax) {
    return fail(Errc::kState, "too many are signed on: sign off at a screen that is not used");
  }
  TRY_ASSIGN(const core::OperatorId id, read_operator(call.body));
  TRY_ASSIGN(const Pin pin, read_pin(call.body));
  TRY(till_.operators().sign_on(id, pin, clock_.now_ms()));
  const std::string token = new_token();
  sessions_[token] = Session{id, {}};
  const Operator& who = till_.operators().all().at(id);
  return Answer{200, dump({{"operator", id.value},
                           {"name", who.name},
                           {"role", role_name(who.role)},
                           {"token", token}})};
}

Result<Service::Answer> Service::sign_off(const Call& call) {
  TRY_ASSIGN(const Session* session, find_session(call));
  const core::OperatorId id = session->operator_id;
  sessions_.erase(call.session);
  bool elsewhere = false;
  for (const auto& [token, other] : sessions_) elsewhere = elsewhere || other.operator_id == id;
  if (!elsewhere) TRY(till_.operators().sign_off(id, clock_.now_ms()));
  return Answer{200, dump({{"operator", id.value}})};
}

Result<Service::Answer> Service::approve(const Call& call) {
  TRY_ASSIGN(Session * session, find_session(call));
  TRY_ASSIGN(const core::OperatorId id, read_operator(call.body));
  TRY_ASSIGN(const Pin pin, read_pin(call.body));
  TRY(till_.operators().approve(id, pin, PermissionSet::all(), clock_.now_ms()));
  session->approved_by = id;
  return Answer{200, dump({{"operator", session->operator_id.value}, {"approved_by", id.value}})};
}

Result<Service::Answer> Service::clock_in(const Call& call) {
  TRY_ASSIGN(const Session* session, find_session(call));
  TRY(till_.operators().clock_in(session->operator_id, clock_.now_ms()));
  return Answer{200, dump({{"operator", session->operator_id.value}})};
}

Result<Service::Answer> Service::clock_out(const Call& call) {
  TRY_ASSIGN(const Session* session, find_session(call));
  TRY(till_.operators().clock_out(session->operator_id, clock_.now_ms()));
  return Answer{200, dump({{"operator", session->operator_id.value}})};
}

Result<Service::Answer> Service::add_operator(const Call& call) {
  TRY_ASSIGN(const core::OperatorId id, read_operator(call.body));
  TRY_ASSIGN(const std::string name, call.body.text("name"));
  TRY_ASSIGN(const std::string role_word, call.body.text("role"));
  TRY_ASSIGN(const Role role, parse_role(role_word));
  TRY_ASSIGN(const Pin pin, read_pin(call.body));
  TRY(till_.operators().add({id, name, role}, pin, clock_.now_ms()));
  return Answer{201, dump({{"operator", id.value}})};
}

Result<Service::Answer> Service::change_operator(const Call& call) {
  TRY_ASSIGN(const core::OperatorId id, operator_named(call.parameters[0]));
  OperatorChange change;
  if (call.body.has("name")) {
    TRY_ASSIGN(change.name, call.body.text("name"));
  }
  if (call.body.has("role")) {
    TRY_ASSIGN(const std::string word, call.body.text("role"));
    TRY_ASSIGN(change.role, parse_role(word));
  }
  if (call.body.has("active")) {
    TRY_ASSIGN(change.active, call.body.flag_or("active", true));
  }
  std::optional<Pin> pin;
  if (call.body.has("pin")) {
    TRY_ASSIGN(Pin read, read_pin(call.body));
    pin.emplace(std::move(read));
    change.pin = &*pin;
  }
  TRY(till_.operators().change(id, change, clock_.now_ms()));
  return Answer{200, dump({{"operator", id.value}})};
}

Result<Service::Answer> Service::unlock_operator(const Call& call) {
  TRY_ASSIGN(const core::OperatorId id, operator_named(call.parameters[0]));
  TRY(till_.operators().unlock(id, clock_.now_ms()));
  return Answer{200, dump({{"operator", id.value}})};
}

}  // namespace till::api
