// Chart: rows are collected by number, then put in order.
#include "ledger-rebuild/chart.h"

#include <algorithm>
#include <array>

#include "core/base/check.h"
#include "core/base/decimal.h"
#include "ledger-rebuild/csv_file.h"
#include "ledger-rebuild/posting_rules.h"

namespace rebuild {

using core::Errc;
using core::fail;
using core::Result;

namespace {

constexpr const char* kChartHeader = "role,tax_code,department,account,name,type";
constexpr std::uint64_t kAccountMax = 999'999'999'999;
constexpr std::array<std::string_view, 6> kTypes = {"asset",   "liability",      "equity",
                                                    "revenue", "contra-revenue", "expense"};

bool has_tax_code(Account role) {
  return role == Account::kSalesRevenue || role == Account::kTaxPayable ||
         role == Account::kTaxOnDeposits;
}

Result<Account> role_named(const std::string& word) {
  for (const AccountInfo& info : kChartOfAccounts) {
    if (info.role == word) return info.account;
  }
  return fail(Errc::kMalformed, "'" + word + "' is no role; docs/formats/settings.md lists them");
}

}  // namespace

class Chart::Builder {
 public:
  // The place of an account in the order of coming.
  Result<void> put(ChartAccount account) {
    const auto [it, is_new] = accounts_.emplace(account.number, account);
    if (is_new || (it->second.name == account.name && it->second.type == account.type)) return {};
    return fail(Errc::kMalformed, "account " + std::to_string(account.number) + " is '" +
                                      it->second.name + "', " + it->second.type + ", further up");
  }
  Result<void> role(Account role, std::int64_t tax_code, std::int64_t number) {
    if (roles_.emplace(std::pair(static_cast<int>(role), tax_code), number).second) return {};
    return fail(Errc::kMalformed, "this role has its account further up");
  }
  Result<void> department(const std::string& name, std::int64_t number) {
    if (departments_.emplace(name, number).second) return {};
    return fail(Errc::kMalformed, "department '" + name + "' has its account further up");
  }
  Result<void> row(const CsvFields& fields) {
    TRY_ASSIGN(const Account role_of, role_named(fields[0]));
    const auto number = core::parse_unsigned(fields[3]);
    if (!number || *number == 0 || *number > kAccountMax) {
      return fail(Errc::kMalformed, "account '" + fields[3] + "' is no number of 1 to 12 digits");
    }
    if (fields[4].empty()) return fail(Errc::kMalformed, "an account without a name");
    if (std::find(kTypes.begin(), kTypes.end(), fields[5]) == kTypes.end()) {
      return fail(Errc::kMalformed, "'" + fields[5] +
                                        "' is no type; there are asset, liability, equity, "
                                        "revenue, contra-revenue, expense");
    }
    const auto account = static_cast<std::int64_t>(*number);
    TRY(put({account, fields[4], fields[5]}));
    if (!fields[2].empty()) {
      if (role_of != Account::kSalesRevenue || !fields[1].empty()) {
        return fail(Errc::kMalformed,
                    "only the role sales has departments, and without a tax code");
      }
      return department(fields[2], account);
    }
    if (fields[1].empty()) return role(role_of, kAnyTax, account);
    const auto code = core::parse_unsigned(fields[1]);
    if (!code || *code > UINT32_MAX || !has_tax_code(role_of)) {
      return fail(Errc::kMalformed, "'" + fields[1] +
                                        "': a tax code is a number, and sales, tax-payable and "
                                        "tax-on-deposits have one");
    }
    return role(role_of, static_cast<std::int64_t>(*code), account);
  }
  Result<Chart> build() const {
    for (const AccountInfo& info : kChartOfAccounts) {
      if (roles_.contains({static_cast<int>(info.account), kAnyTax})) continue;
      return fail(Errc::kMalformed, "no account has the role " + std::string(info.role));
    }
    Chart out;
    std::map<std::int64_t, std::size_t> places;
    for (const auto& [number, account] : accounts_) {
      places[number] = out.accounts_.size();
      out.accounts_.push_back(account);
    }
    for (const auto& [key, number] : roles_) out.roles_[key] = places.at(number);
    for (const auto& [name, number] : departments_) out.departments_[name] = places.at(number);
    return out;
  }

 private:
  std::map<std::int64_t, ChartAccount> accounts_;
  std::map<std::pair<int, std::int64_t>, std::int64_t> roles_;
  std::map<std::string, std::int64_t> departments_;
};

const Chart& Chart::standard() {
  static const Chart chart = [] {
    Builder builder;
    for (const AccountInfo& info : kChartOfAccounts) {
      const auto number = static_cast<std::int64_t>(info.account);
      CORE_CHECK(builder.put({number, std::string(info.name), std::string(info.type)}));
      CORE_CHECK(builder.role(info.account, kAnyTax, number));
    }
    auto built = builder.build();
    CORE_CHECK(built.has_value());
    return std::move(built).value();
  }();
  return chart;
}

Result<Chart> Chart::read(const std::filesystem::path& file) {
  Builder builder;
  TRY(read_csv(file, kChartHeader, [&](const CsvFields& fields) { return builder.row(fields); }));
  auto chart = builder.build();
  if (chart) return chart;
  return fail(chart.error().code, file.string() + ": " + chart.error().what);
}

Result<const ChartAccount*> Chart::account(int role, std::int64_t code) const {
  const std::int64_t tax_code = code <= kDepositCode ? kDepositCode - code : code;
  auto it = roles_.find({role, tax_code});
  if (it == roles_.end()) it = roles_.find({role, kAnyTax});
  if (it != roles_.end()) return &accounts_[it->second];
  return fail(Errc::kDamaged, "a posting to account " + std::to_string(role) +
                                  ", which the chart of accounts does not have");
}

const ChartAccount& Chart::account(Account role, std::int64_t code) const {
  const auto found = account(static_cast<int>(role), code);
  CORE_CHECK(found.has_value());
  return **found;
}

const ChartAccount* Chart::department(const std::string& name) const {
  const auto it = departments_.find(name);
  return it == departments_.end() ? nullptr : &accounts_[it->second];
}

}  // namespace rebuild
