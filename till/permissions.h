// Permissions: what an operator may do, by role, and what each document asks for.
// Must not know operators or journals. docs/operators.md shows the same table.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

#include "core/base/result.h"
#include "core/retail/document.h"
#include "core/retail/role.h"

namespace till {

using core::retail::kRoles;
using core::retail::parse_role;
using core::retail::Role;
using core::retail::role_name;

enum class Permission : std::uint8_t {
  kSale,       // sell, hold and recall
  kLayaway,    // lay away, take deposits, hand over
  kTraining,   // ring receipts that count nowhere
  kDiscount,   // take something off a price, with a reason
  kOverride,   // sell at another price than the catalog's
  kVoid,       // cancel a receipt of the open day
  kRefund,     // give back what a sale took
  kNoSale,     // open the drawer without a sale
  kCash,       // float, paid-in, paid-out, pick-up
  kStock,      // goods received, adjustments, counts, transfers
  kReprint,    // print a copy
  kReport,     // the X report and the hours
  kOpen,       // open a business day
  kClose,      // close it
  kCatalog,    // replace the catalog
  kSettings,   // join, backups, the journal's key
  kOperators,  // make, change and unlock operators
};
inline constexpr std::size_t kPermissionCount = 17;

class PermissionSet {
 public:
  constexpr PermissionSet() = default;
  constexpr PermissionSet(std::initializer_list<Permission> permissions) {
    for (const Permission p : permissions) bits_ |= bit(p);
  }
  static constexpr PermissionSet all() {
    PermissionSet out;
    out.bits_ = (std::uint32_t{1} << kPermissionCount) - 1;
    return out;
  }

  constexpr bool contains(Permission p) const { return (bits_ & bit(p)) != 0; }
  constexpr bool empty() const { return bits_ == 0; }
  constexpr PermissionSet operator|(PermissionSet other) const { return of(bits_ | other.bits_); }
  constexpr PermissionSet operator&(PermissionSet other) const { return of(bits_ & other.bits_); }
  // What is in this one and not in `other`.
  constexpr PermissionSet without(PermissionSet other) const { return of(bits_ & ~other.bits_); }
  constexpr bool operator==(const PermissionSet&) const = default;

 private:
  static constexpr std::uint32_t bit(Permission p) {
    return std::uint32_t{1} << static_cast<unsigned>(p);
  }
  static constexpr PermissionSet of(std::uint32_t bits) {
    PermissionSet out;
    out.bits_ = bits;
    return out;
  }
  std::uint32_t bits_ = 0;
};

// "no-sale".
std::string_view permission_name(Permission permission);
// "refund, void", in the order of the enumeration.
std::string names_of(PermissionSet permissions);

PermissionSet permissions_of(Role role);

// What writing down this document takes: every one of them.
PermissionSet needed_for(const core::retail::Document& document);

}  // namespace till
