// A head office for one till, so that a benchmark's till can join.
// Must not know what is measured.
#pragma once

#include "core/envelope/enrol_request.h"
#include "core/envelope/roster.h"
#include "scripts/bench/bench_support.h"

namespace bench {

inline constexpr const char* kTillOrigin = "bench";

inline core::envelope::Roster roster_with(const core::envelope::EnrolRequest& request) {
  static const auto head_office = core::envelope::PrivateKey::generate();
  static const auto sealing_key = core::envelope::SealingPrivateKey::generate();
  auto roster = need(core::envelope::Roster::read({}, kTillOrigin, head_office.public_key()));
  need(roster.name_sealing_key(sealing_key.public_key(), head_office));
  need(roster.enrol(request, head_office));
  return roster;
}

}  // namespace bench
