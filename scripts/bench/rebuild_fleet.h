// Fleet: tills whose GardenWorld days become messages in a log, for the benchmarks of the rebuild.
// Must not know what is measured.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <vector>

#include "core/disk/log_writer.h"
#include "core/envelope/roster.h"
#include "core/retail/summary.h"
#include "core/tlog/frontier.h"

namespace bench {

// What libsodium needs for one signature, and nothing else.
struct Signed {
  core::envelope::PublicKey key;
  core::Bytes input;
  core::envelope::Signature signature;
};

// A day is all openings, then all closings, as two waves deliver them; sealed, and each with the
// tree head that the till got for its message before.
class Fleet {
 public:
  // `threads`: 0 is one a core.
  Fleet(std::size_t tills, unsigned threads, const std::filesystem::path& log);

  void send_day();

  const core::envelope::Roster& roster() const { return roster_; }
  std::uint64_t messages() const { return tree_.size(); }
  // The first messages, to be verified and nothing else.
  const std::vector<Signed>& sample() const { return sample_; }

 private:
  struct Till {
    core::envelope::PrivateKey key;
    core::envelope::SealingKey sealing_key;
    core::envelope::Header header;
  };
  using SummaryOf = std::function<core::retail::Summary(std::size_t till)>;

  void add_till(std::size_t i, const core::envelope::SealingPrivateKey& sealing_key);
  void send(const SummaryOf& summary_of);
  void add_sample(const Till& till, const core::Bytes& bytes);

  unsigned threads_;
  core::envelope::PrivateKey head_office_;
  core::envelope::Roster roster_;
  std::vector<Till> tills_;
  std::unique_ptr<core::disk::LogWriter> writer_;
  core::tlog::Frontier tree_;
  std::vector<Signed> sample_;
  core::BusinessDay first_day_;
  std::size_t days_ = 0;
};

}  // namespace bench
