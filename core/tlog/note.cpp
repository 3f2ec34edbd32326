// Texts of signed notes. Sources: C2SP signed-note, C2SP tlog-checkpoint.
// Must not know the tree.
#include "core/tlog/note.h"

#include <algorithm>
#include <optional>

#include "core/base/base64.h"
#include "core/base/decimal.h"

namespace core::tlog {
namespace {

constexpr std::uint8_t kEd25519 = 1;                    // signature type of C2SP signed-note
constexpr std::string_view kSignatureLine = "\u2014 ";  // an em dash and a space

std::string be32(std::uint32_t value) {
  std::string out(4, '\0');
  for (int i = 0; i < 4; ++i)
    out[static_cast<std::size_t>(i)] = static_cast<char>(value >> (24 - 8 * i));
  return out;
}

std::uint32_t be32(ByteView bytes) {
  return static_cast<std::uint32_t>(bytes[0]) << 24 | static_cast<std::uint32_t>(bytes[1]) << 16 |
         static_cast<std::uint32_t>(bytes[2]) << 8 | bytes[3];
}

// First four bytes of SHA-256(name || 0x0A || type || key).
std::uint32_t hash_of_key(std::string_view name, const envelope::PublicKey& key) {
  Bytes input = to_bytes(as_bytes(name));
  input.push_back('\n');
  input.push_back(kEd25519);
  append(input, key.view());
  return be32(envelope::sha256(input).view());
}

Unexpected malformed(std::string what) {
  return fail(Errc::kMalformed, "checkpoint: " + std::move(what));
}

// Cuts the next line off `text`, without its end; nothing when no whole line is left.
std::optional<std::string_view> next_line(std::string_view& text) {
  const std::size_t end = text.find('\n');
  if (end == std::string_view::npos) return std::nullopt;
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(end + 1);
  return line;
}

Result<Checkpoint> parse_text(std::string_view text) {
  Checkpoint checkpoint;
  const auto origin = next_line(text);
  const auto size = next_line(text);
  const auto root = next_line(text);
  if (!origin || !size || !root) return malformed("its text has three lines at least");
  checkpoint.origin = *origin;
  const auto number = parse_unsigned(*size);
  if (!number || std::to_string(*number) != *size || *number >> 62 != 0) {
    return malformed("'" + std::string(*size) + "' is no log size");
  }
  checkpoint.size = *number;
  const auto bytes = from_base64(*root);
  const auto hash =
      bytes ? envelope::Hash::from(*bytes) : Result<envelope::Hash>(fail(bytes.error()));
  if (!hash) return malformed("'" + std::string(*root) + "' is no root hash");
  checkpoint.root = *hash;
  return checkpoint;
}

// The verifier's signature among the lines; nothing when it has none.
Result<std::optional<envelope::Signature>> find_signature(std::string_view lines,
                                                          const NoteVerifier& verifier) {
  std::optional<envelope::Signature> found;
  while (!lines.empty()) {
    const auto line = next_line(lines);
    if (!line || !line->starts_with(kSignatureLine)) return malformed("no signature line");
    const std::string_view rest = line->substr(kSignatureLine.size());
    const std::size_t space = rest.find(' ');
    if (space == std::string_view::npos) return malformed("a signature line without a signature");
    const auto bytes = from_base64(rest.substr(space + 1));
    if (!bytes || bytes->size() < 5) return malformed("a signature that is no Base64");
    if (rest.substr(0, space) != verifier.name() || be32(*bytes) != verifier.key_hash()) continue;
    const auto signature = envelope::Signature::from(ByteView(*bytes).subspan(4));
    if (!signature || found) return malformed("a signature line that is not Ed25519, or two");
    found = *signature;
  }
  return found;
}

}  // namespace

bool is_key_name(std::string_view name) {
  return !name.empty() && name.size() <= 255 && std::all_of(name.begin(), name.end(), [](char c) {
    return c > ' ' && c < 0x7f && c != '+';
  });
}

NoteVerifier::NoteVerifier(std::string name, const envelope::PublicKey& key)
    : name_(std::move(name)), key_(key), key_hash_(hash_of_key(name_, key)) {
  CORE_CHECK(is_key_name(name_));
}

std::string NoteVerifier::vkey() const {
  Bytes typed{kEd25519};
  append(typed, key_.view());
  return name_ + "+" + to_hex(as_bytes(be32(key_hash_))) + "+" + to_base64(typed);
}

Result<NoteVerifier> NoteVerifier::parse(std::string_view vkey) {
  const auto refuse = [](std::string_view why) {
    return fail(Errc::kMalformed,
                "a log's key reads NAME+HASH+KEY, as the relay prints it: " + std::string(why));
  };
  const std::size_t first = vkey.find('+');
  const std::size_t second = vkey.find('+', first == std::string_view::npos ? first : first + 1);
  if (second == std::string_view::npos) return refuse("two '+' are expected");
  const std::string_view name = vkey.substr(0, first);
  if (!is_key_name(name)) return refuse("the name is empty, too long or not printable");
  const auto typed = from_base64(vkey.substr(second + 1));
  if (!typed || typed->size() != 33 || typed->front() != kEd25519) {
    return refuse("the last part is no Ed25519 key in Base64");
  }
  TRY_ASSIGN(const auto key, envelope::PublicKey::from(ByteView(*typed).subspan(1)));
  if (!envelope::is_valid(key)) return refuse("the last part is no Ed25519 key");
  NoteVerifier verifier(std::string(name), key);
  if (verifier.vkey() != vkey) return refuse("the hash is not the key's");
  return verifier;
}

std::string sign_checkpoint(const Checkpoint& checkpoint, const envelope::PrivateKey& key) {
  const NoteVerifier signer(checkpoint.origin, key.public_key());
  std::string note = checkpoint.origin + "\n" + std::to_string(checkpoint.size) + "\n" +
                     to_base64(checkpoint.root.view()) + "\n";
  Bytes signature = to_bytes(as_bytes(be32(signer.key_hash())));
  append(signature, key.sign(as_bytes(note)).view());
  note.append("\n").append(kSignatureLine).append(checkpoint.origin).append(" ");
  return note.append(to_base64(signature)).append("\n");
}

Result<Checkpoint> open_checkpoint(std::string_view note, const NoteVerifier& verifier) {
  if (note.size() > kNoteSizeMax) return malformed("longer than 4096 bytes");
  const std::size_t gap = note.rfind("\n\n");
  if (gap == std::string_view::npos) return malformed("no empty line before the signatures");
  const std::string_view text = note.substr(0, gap + 1);
  TRY_ASSIGN(const Checkpoint checkpoint, parse_text(text));
  TRY_ASSIGN(const auto signature, find_signature(note.substr(gap + 2), verifier));
  if (!signature) {
    return fail(Errc::kUnknownKey,
                "checkpoint of " + checkpoint.origin + ": not signed by " + verifier.vkey());
  }
  if (!envelope::verify(verifier.key(), as_bytes(text), *signature)) {
    return fail(Errc::kBadSignature,
                "checkpoint of " + checkpoint.origin + ": the signature does not verify");
  }
  if (checkpoint.origin != verifier.name()) {
    return malformed("of the log '" + checkpoint.origin + "', not of '" + verifier.name() + "'");
  }
  return checkpoint;
}

}  // namespace core::tlog
