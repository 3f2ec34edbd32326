// Permissions: the table of roles, and what documents ask for.
#include "till/permissions.h"

#include <algorithm>
#include <array>
#include <type_traits>
#include <variant>

#include "core/base/check.h"

namespace till {
namespace {

using core::Errc;
using core::fail;
using core::Result;
using namespace core::retail;

constexpr std::array<std::string_view, kPermissionCount> kNames = {
    "sale",   "layaway", "training", "discount", "override", "void",
    "refund", "no-sale", "cash",     "stock",    "reprint",  "report",
    "open",   "close",   "catalog",  "settings", "operators"};

// A cashier sells. A supervisor also decides about money, goods and the day. A manager also decides
// who and what the till is.
constexpr PermissionSet kCashierMay = {Permission::kSale, Permission::kLayaway,
                                       Permission::kTraining};
constexpr PermissionSet kSupervisorMay =
    kCashierMay | PermissionSet{Permission::kDiscount, Permission::kOverride, Permission::kVoid,
                                Permission::kRefund,   Permission::kNoSale,   Permission::kCash,
                                Permission::kStock,    Permission::kReprint,  Permission::kReport,
                                Permission::kOpen,     Permission::kClose};
constexpr PermissionSet kManagerMay =
    kSupervisorMay |
    PermissionSet{Permission::kCatalog, Permission::kSettings, Permission::kOperators};
static_assert(kManagerMay == PermissionSet::all(), "nothing that nobody may do");

PermissionSet needed_for_lines(const std::vector<SaleLine>& lines) {
  PermissionSet needed;
  for (const SaleLine& line : lines) {
    if (line.discount.minor != 0) needed = needed | PermissionSet{Permission::kDiscount};
    for (const PriceChange& change : line.changes) {
      if (change.kind == ChangeKind::kOverride) {
        needed = needed | PermissionSet{Permission::kOverride};
      }
    }
  }
  return needed;
}

// What was given away on a layaway was permitted when it was opened.
PermissionSet needed_for_sale(const Sale& sale) {
  const PermissionSet needed{Permission::kSale};
  return sale.layaway != 0 ? needed : needed | needed_for_lines(sale.lines);
}

// Money that goes out, or is kept, is a supervisor's matter.
PermissionSet needed_for_layaway(const Layaway& layaway) {
  PermissionSet needed{Permission::kLayaway};
  if (layaway.kind == LayawayKind::kCancelled) needed = needed | PermissionSet{Permission::kRefund};
  return needed | needed_for_lines(layaway.lines);
}

template <typename>
inline constexpr bool kIsKnown = false;

}  // namespace

std::string_view permission_name(Permission permission) {
  return kNames.at(static_cast<std::size_t>(permission));
}

std::string names_of(PermissionSet permissions) {
  std::string out;
  for (std::size_t i = 0; i < kPermissionCount; ++i) {
    if (!permissions.contains(static_cast<Permission>(i))) continue;
    if (!out.empty()) out += ", ";
    out += kNames[i];
  }
  return out;
}

PermissionSet permissions_of(Role role) {
  switch (role) {
    case Role::kCashier:
      return kCashierMay;
    case Role::kSupervisor:
      return kSupervisorMay;
    case Role::kManager:
      return kManagerMay;
  }
  return {};
}

PermissionSet needed_for(const Document& document) {
  return std::visit(
      [](const auto& d) -> PermissionSet {
        using D = std::decay_t<decltype(d)>;
        if constexpr (std::is_same_v<D, Sale>) {
          return needed_for_sale(d);
        } else if constexpr (std::is_same_v<D, Refund>) {
          return {Permission::kRefund};
        } else if constexpr (std::is_same_v<D, Void>) {
          return {Permission::kVoid};
        } else if constexpr (std::is_same_v<D, CashMovement>) {
          return {Permission::kCash};
        } else if constexpr (std::is_same_v<D, NoSale>) {
          return {Permission::kNoSale};
        } else if constexpr (std::is_same_v<D, StockMovement>) {
          return {Permission::kStock};
        } else if constexpr (std::is_same_v<D, Layaway>) {
          return needed_for_layaway(d);
        } else if constexpr (std::is_same_v<D, Training>) {
          return {Permission::kTraining};
        } else if constexpr (std::is_same_v<D, Copy>) {
          return {Permission::kReprint};
        } else if constexpr (std::is_same_v<D, Hold> || std::is_same_v<D, CardResult>) {
          return {Permission::kSale};
        } else {
          static_assert(kIsKnown<D>, "say here which permissions a new kind of document needs");
        }
      },
      document);
}

}  // namespace till
