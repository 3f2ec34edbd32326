// Chart: which account of the retailer's stands for a role of the posting rules.
// Must not know postings or the books. File: docs/formats/settings.md, "accounts.csv".
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "ledger-rebuild/accounts.h"

namespace rebuild {

struct ChartAccount {
  std::int64_t number = 0;
  std::string name;
  std::string type;  // asset, liability, equity, revenue, contra-revenue, expense
};

class Chart {
 public:
  // The accounts of accounts.h under their own numbers: what serves without a retailer's chart.
  static const Chart& standard();
  // Errors: those of read_csv; kMalformed also when a role has no account.
  static core::Result<Chart> read(const std::filesystem::path& file);

  // The account of a posting with this code of the posting rules, of which the tax code counts.
  // Owner: the chart. Errors: kDamaged (no such role: the books are not what a replay writes).
  core::Result<const ChartAccount*> account(int role, std::int64_t code) const;
  // Likewise, of a role that is there.
  const ChartAccount& account(Account role, std::int64_t code) const;

  // Revenue of a department, when it has an account of its own; nullptr: it has none.
  const ChartAccount* department(const std::string& name) const;
  bool has_departments() const { return !departments_.empty(); }

  // Ascending numbers, so that the addresses ascend, too.
  const std::vector<ChartAccount>& accounts() const { return accounts_; }

 private:
  static constexpr std::int64_t kAnyTax = -1;
  class Builder;

  std::vector<ChartAccount> accounts_;
  // Places in accounts_, by role and tax code.
  std::map<std::pair<int, std::int64_t>, std::size_t> roles_;
  std::map<std::string, std::size_t> departments_;
};

}  // namespace rebuild
