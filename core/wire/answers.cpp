// Answers as deterministic CBOR. Format: docs/formats/relay-http.md, "Answers".
// Must not know HTTP.
#include "core/wire/answers.h"

#include "core/envelope/cbor.h"

namespace core::wire {
namespace {

constexpr std::uint64_t kKeyStatus = 0;
constexpr std::uint64_t kKeyIndex = 1;
constexpr std::uint64_t kKeyReason = 2;

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

Result<std::vector<PostAnswer>> read_answers(ByteView body) {
  envelope::CborReader r(body);
  TRY_ASSIGN(const std::size_t count, r.array());
  std::vector<PostAnswer> answers;
  answers.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    TRY_ASSIGN(PostAnswer answer, read_answer(r));
    answers.push_back(std::move(answer));
  }
  TRY(r.finish());
  return answers;
}

}  // namespace

Bytes encode_answers(std::span<const PostAnswer> answers) {
  envelope::CborWriter w;
  w.array(answers.size());
  for (const PostAnswer& answer : answers) {
    w.map(2);
    w.unsigned_integer(kKeyStatus);
    w.unsigned_integer(static_cast<std::uint64_t>(answer.status));
    if (answer.status == PostStatus::kRefused) {
      w.unsigned_integer(kKeyReason);
      w.text(answer.reason);
    } else {
      w.unsigned_integer(kKeyIndex);
      w.unsigned_integer(answer.index.value);
    }
  }
  return std::move(w).take();
}

Result<std::vector<PostAnswer>> decode_answers(ByteView body) {
  auto answers = read_answers(body);
  if (!answers) return fail(Errc::kProtocol, "the relay's answer, " + answers.error().what);
  return answers;
}

}  // namespace core::wire
