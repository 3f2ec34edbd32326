// Role: who works at a till, and as what; head office names them, too, and the till enforces it.
// Must not know what a role may do.
#pragma once

#include <cstdint>
#include <string>
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

inline constexpr std::size_t kOperatorNameBytesMax = 60;
// Errors: kUsage (empty, too long, control characters, no UTF-8).
Result<void> check_operator_name(const std::string& name);

}  // namespace core::retail
