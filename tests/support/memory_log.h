// MemoryLog: a log in memory that gives its entries true receipts, as a relay does.
#pragma once

#include <string>
#include <vector>

#include "core/envelope/message.h"
#include "core/tlog/receipt.h"
#include "core/wire/answers.h"

namespace test {

// The key that MemoryLog signs with: for tests only.
inline core::envelope::PrivateKey memory_log_key() {
  return core::envelope::PrivateKey::from_seed(core::Bytes(32, 0x70)).value();
}

class MemoryLog {
 public:
  explicit MemoryLog(std::string origin) : origin_(std::move(origin)) {}

  std::vector<core::Bytes> messages;

  // Takes a message, or finds it again. The proof comes with finish().
  core::wire::PostAnswer take(const core::Bytes& message) {
    for (std::size_t i = 0; i < messages.size(); ++i) {
      if (messages[i] == message) {
        return {core::wire::PostStatus::kDuplicate, core::LogIndex{i}, {}, {}};
      }
    }
    messages.push_back(message);
    return {core::wire::PostStatus::kAccepted, core::LogIndex{messages.size() - 1}, {}, {}};
  }

  core::wire::PostAnswers finish(std::vector<core::wire::PostAnswer> answers) const {
    core::wire::PostAnswers out{std::move(answers), {}};
    for (core::wire::PostAnswer& answer : out.each) {
      if (answer.status == core::wire::PostStatus::kRefused) continue;
      core::tlog::Receipt receipt = this->receipt(answer.index.value);
      answer.proof = std::move(receipt.proof);
      out.checkpoint = std::move(receipt.checkpoint);
    }
    return out;
  }

  core::tlog::Receipt receipt(std::uint64_t index) const {
    const core::tlog::HashSource source = [this](unsigned level, std::uint64_t at) {
      return core::Result<core::tlog::Hash>(subtree(level, at));
    };
    const auto tree = core::tlog::TreeView::open(source, messages.size()).value();
    return {core::LogIndex{index},
            core::tlog::sign_checkpoint({origin_, messages.size(), tree.root()}, memory_log_key()),
            tree.inclusion_proof(index).value()};
  }

 private:
  core::tlog::Hash subtree(unsigned level, std::uint64_t at) const {
    if (level == 0) return core::envelope::message_id(messages[at]);
    return core::tlog::hash_children(subtree(level - 1, 2 * at), subtree(level - 1, 2 * at + 1));
  }

  std::string origin_;
};

}  // namespace test
