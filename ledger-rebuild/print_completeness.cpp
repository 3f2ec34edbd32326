// Completeness: as text for people, and as JSON.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "ledger-rebuild/completeness.h"

namespace rebuild {
namespace {

using core::BusinessDay;

std::string days_ago(std::int32_t age) {
  if (age == 0) return "today";
  return age == 1 ? "1 day" : std::to_string(age) + " days";
}

std::string gap_text(const SequenceGap& gap) {
  const bool one = gap.first == gap.last;
  std::string out = one ? "sequence " + to_string(gap.first)
                        : "sequences " + to_string(gap.first) + " to " + to_string(gap.last);
  out += " of epoch " + to_string(gap.epoch);
  if (gap.after) out += ", behind " + to_string(*gap.after);
  if (gap.before) out += ", before " + to_string(*gap.before);
  return out;
}

std::string till_text(const TillCompleteness& till, const Completeness& found,
                      const Contacts& contacts, std::int32_t age) {
  std::string out = "\ntill " + to_string(till.till);
  const auto contact = contacts.find(till.till.store);
  if (contact != contacts.end()) {
    out += ", " + contact->second.name + ": ring " + contact->second.ring;
  }
  out += "\n  since         " + days_ago(age) + "\n";
  for (const SequenceGap& gap : till.gaps) out += "  missing       " + gap_text(gap) + "\n";
  for (const auto& [day, doubt] : till.doubts) {
    std::string word(state_text(doubt.state));
    word.resize(12, ' ');
    out += "  " + word + "  " + to_string(day) + ", " + std::to_string(doubt.messages) +
           (doubt.messages == 1 ? " message\n" : " messages\n");
  }
  if (till.open_day && *till.open_day < found.as_of) {
    out += "  not closed    " + to_string(*till.open_day) + "\n";
  }
  if (!till.heard_of) {
    out += "  never heard   of in epoch " + to_string(till.epoch) + "\n";
  } else {
    out += "  last closed   " + (till.last_closed ? to_string(*till.last_closed) : "never") + "\n";
  }
  if (till.quarantined > 0) {
    out += "  quarantined   " + std::to_string(till.quarantined) + " of its own\n";
  }
  return out;
}

}  // namespace

std::string completeness_text(const Completeness& found, const Contacts& contacts,
                              std::size_t tills_max) {
  std::vector<std::pair<std::int32_t, const TillCompleteness*>> ill;
  for (const TillCompleteness& till : found.tills) {
    const auto age = till.age(found.as_of, found.quiet);
    if (age) ill.emplace_back(*age, &till);
  }
  std::stable_sort(ill.begin(), ill.end(),
                   [](const auto& a, const auto& b) { return a.first > b.first; });
  std::string out = "as of " + to_string(found.as_of) + ": " +
                    std::to_string(found.tills.size() - ill.size()) + " of " +
                    std::to_string(found.tills.size()) + " tills are complete\n";
  std::size_t listed = 0;
  for (const auto& [age, till] : ill) {
    if (tills_max != 0 && listed == tills_max) break;
    ++listed;
    out += till_text(*till, found, contacts, age);
  }
  if (listed < ill.size()) {
    out += "\nand " + std::to_string(ill.size() - listed) + " more; --all lists them\n";
  }
  return out;
}

std::string completeness_json(const Completeness& found, const Contacts& contacts) {
  using Json = nlohmann::ordered_json;
  const auto day_or_null = [](const std::optional<BusinessDay>& day) {
    return day ? Json(to_string(*day)) : Json(nullptr);
  };
  Json tills = Json::array();
  for (const TillCompleteness& till : found.tills) {
    Json gaps = Json::array();
    for (const SequenceGap& gap : till.gaps) {
      gaps.push_back({{"epoch", gap.epoch.value},
                      {"first", gap.first.value},
                      {"last", gap.last.value},
                      {"after", day_or_null(gap.after)},
                      {"before", day_or_null(gap.before)}});
    }
    Json days = Json::array();
    for (const auto& [day, doubt] : till.doubts) {
      days.push_back({{"day", to_string(day)},
                      {"state", state_text(doubt.state)},
                      {"messages", doubt.messages}});
    }
    const auto age = till.age(found.as_of, found.quiet);
    Json one = {{"store", till.till.store.value},
                {"till", till.till.till.value},
                {"epoch", till.epoch.value},
                {"complete", !age.has_value()},
                {"age_days", age ? Json(*age) : Json(nullptr)},
                {"heard_of", till.heard_of},
                {"last_closed", day_or_null(till.last_closed)},
                {"open_day", day_or_null(till.open_day)},
                {"missing", std::move(gaps)},
                {"days", std::move(days)},
                {"quarantined", till.quarantined}};
    const auto contact = contacts.find(till.till.store);
    if (contact != contacts.end()) one["ring"] = contact->second.ring;
    tills.push_back(std::move(one));
  }
  const Json out = {
      {"as_of", to_string(found.as_of)}, {"clean", found.clean()}, {"tills", std::move(tills)}};
  return out.dump(2) + "\n";
}

}  // namespace rebuild
