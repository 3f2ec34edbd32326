// Role: what somebody who works at a till is there; head office names it, and the till enforces it.
// Must not know what a role may do.
#pragma once

#include <cstdint>
#include <string_view>

#include "core/base/result.h"

namespace core::retail {

// Numbers are stored, and travel.
enum class Role : std::uint8_t { kCashier = 1, kSupervisor = 2, kManager = 3 };
inline constexpr Role kRoles[] = {Role::kCashier, Role::kSupervisor, Role::kManager};

// "cashier".
std::string_view role_name(Role role);
// Errors: kUsage.
Result<Role> parse_role(std::string_view name);

}  // namespace core::retail
