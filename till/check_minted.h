// CheckMinted: what a journal's messages told of minted products, against what it has of them.
// Must not know how messages are signed. Format: docs/formats/journal.md, "Minted products".
#pragma once

#include <map>

#include "core/base/ids.h"
#include "core/base/result.h"
#include "core/retail/summary.h"
#include "till/journal.h"

namespace till {

class MintedCheck {
 public:
  explicit MintedCheck(Journal& journal) : journal_(journal) {}

  // The messages of this life, in the order of their sequences. Errors: kDamaged (a product is told
  // twice, or moves before it is told).
  core::Result<void> take(core::Sequence sequence, const core::retail::Summary& summary);
  // Errors: kDamaged (a number that this till cannot have given, a product that is not in the
  // catalog, or the messages told something else).
  core::Result<void> finish(core::CatalogVersion present);

 private:
  struct Told {
    core::Sequence sequence;
    core::retail::Definition definition;
  };
  Journal& journal_;
  std::map<core::ProductId, Told> told_;
};

}  // namespace till
