// Answers as deterministic CBOR. Format: docs/formats/relay-http.md, "Answers".
// Must not know HTTP.
#include "core/wire/answers.h"

#include "core/envelope/cbor.h"

namespace core::wire {
namespace {

constexpr std::uint64_t kKeyStatus = 0;
constexpr std::uint64_t kKeyIndex = 1;
constexpr std::uint64_t kKeyReason = 2;
constexpr std::uint64_t kKeyProof = 3;
constexpr std::uint64_t kKeyAnswers = 0;
constexpr std::uint64_t kKeyCheckpoint = 1;
constexpr std::size_t kProofMax = 64;  // hashes: one a level of the highest tree

Result<std::vector<envelope::Hash>> read_proof(envelope::CborReader& r) {
  const std::size_t at = r.offset();
  TRY_ASSIGN(const std::size_t count, r.array());
  if (count > kProofMax) return r.refuse(at, "an inclusion proof has at most 64 hashes");
  std::vector<envelope::Hash> proof;
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t hash_at = r.offset();
    TRY_ASSIGN(const ByteView bytes, r.bytes());
    const auto hash = envelope::Hash::from(bytes);
    if (!hash) return r.refuse(hash_at, hash.error().what);
    proof.push_back(*hash);
  }
  return proof;
}

Result<PostAnswer> read_answer(envelope::CborReader& r) {
  PostAnswer answer;
  const std::size_t at = r.offset();
  TRY_ASSIGN(const std::size_t pairs, r.map());
  bool has_status = false;
  bool has_index = false;
  bool has_reason = false;
  for (std::size_t i = 0; i < pairs; ++i) {
    TRY_ASSIGN(const std::uint64_t key, r.unsigned_integer());
    if (key == kKeyStatus) {
      TRY_ASSIGN(const std::uint64_t status, r.unsigned_integer());
      if (status > 2) return r.refuse(at, "unknown status " + std::to_string(status));
      answer.status = static_cast<PostStatus>(status);
      has_status = true;
    } else if (key == kKeyIndex) {
      TRY_ASSIGN(answer.index.value, r.unsigned_integer());
      has_index = true;
    } else if (key == kKeyReason) {
      TRY_ASSIGN(answer.reason, r.text());
      has_reason = true;
    } else if (key == kKeyProof) {
      TRY_ASSIGN(answer.proof, read_proof(r));
    } else {
      TRY(r.whole_item());
    }
  }
  const bool refused = answer.status == PostStatus::kRefused;
  if (!has_status || (refused ? !has_reason : !has_index)) {
    return r.refuse(at, "an answer without its status, index or reason");
  }
  return answer;
}

Result<PostAnswers> read_answers(ByteView body) {
  envelope::CborReader r(body);
  TRY_ASSIGN(const std::size_t pairs, r.map());
  PostAnswers answers;
  bool has_answers = false;
  for (std::size_t i = 0; i < pairs; ++i) {
    TRY_ASSIGN(const std::uint64_t key, r.unsigned_integer());
    if (key == kKeyAnswers) {
      TRY_ASSIGN(const std::size_t count, r.array());
      for (std::size_t k = 0; k < count; ++k) {
        TRY_ASSIGN(PostAnswer answer, read_answer(r));
        answers.each.push_back(std::move(answer));
      }
      has_answers = true;
    } else if (key == kKeyCheckpoint) {
      TRY_ASSIGN(answers.checkpoint, r.text());
    } else {
      TRY(r.whole_item());
    }
  }
  if (!has_answers) return r.refuse(0, "a response without answers");
  TRY(r.finish());
  return answers;
}

void write_answer(envelope::CborWriter& w, const PostAnswer& answer) {
  const bool refused = answer.status == PostStatus::kRefused;
  w.map(refused ? 2 : 3);
  w.unsigned_integer(kKeyStatus);
  w.unsigned_integer(static_cast<std::uint64_t>(answer.status));
  if (refused) {
    w.unsigned_integer(kKeyReason);
    w.text(answer.reason);
    return;
  }
  w.unsigned_integer(kKeyIndex);
  w.unsigned_integer(answer.index.value);
  w.unsigned_integer(kKeyProof);
  w.array(answer.proof.size());
  for (const envelope::Hash& hash : answer.proof) w.bytes(hash.view());
}

}  // namespace

Bytes encode_answers(const PostAnswers& answers) {
  envelope::CborWriter w;
  std::size_t hashes = 0;
  for (const PostAnswer& answer : answers.each) hashes += answer.proof.size();
  w.reserve(64 + 16 * answers.each.size() + (envelope::Hash::kSize + 2) * hashes +
            answers.checkpoint.size());
  w.map(answers.checkpoint.empty() ? 1 : 2);
  w.unsigned_integer(kKeyAnswers);
  w.array(answers.each.size());
  for (const PostAnswer& answer : answers.each) write_answer(w, answer);
  if (!answers.checkpoint.empty()) {
    w.unsigned_integer(kKeyCheckpoint);
    w.text(answers.checkpoint);
  }
  return std::move(w).take();
}

Result<PostAnswers> decode_answers(ByteView body) {
  auto answers = read_answers(body);
  if (!answers) return fail(Errc::kProtocol, "the relay's answer, " + answers.error().what);
  return answers;
}

}  // namespace core::wire
