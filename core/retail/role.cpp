// Role: names.
#include "core/retail/role.h"

#include <algorithm>
#include <iterator>
#include <string>

#include "core/base/fold_case.h"

namespace core::retail {

std::string_view role_name(Role role) {
  switch (role) {
    case Role::kCashier:
      return "cashier";
    case Role::kSupervisor:
      return "supervisor";
    case Role::kManager:
      break;
  }
  return "manager";
}

Result<Role> parse_role(std::string_view name) {
  const auto* found = std::find_if(std::begin(kRoles), std::end(kRoles),
                                   [&](Role role) { return role_name(role) == name; });
  if (found != std::end(kRoles)) return *found;
  return fail(Errc::kUsage,
              "'" + std::string(name) + "': a role is cashier, supervisor or manager");
}

Result<void> check_operator_name(const std::string& name) {
  if (name.empty() || name.size() > kOperatorNameBytesMax) {
    return fail(Errc::kUsage,
                "an operator's name has 1 to " + std::to_string(kOperatorNameBytesMax) + " bytes");
  }
  if (is_plain_text(name)) return {};
  return fail(Errc::kUsage, "an operator's name is UTF-8 without control characters");
}

}  // namespace core::retail
