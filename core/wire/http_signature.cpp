// Signed requests: the base, the two fields, and the nonces.
#include "core/wire/http_signature.h"

#include <algorithm>
#include <array>

#include "core/base/base64.h"

namespace core::wire {
namespace {

constexpr std::string_view kLabel = "daybook=";
constexpr std::string_view kComponents = R"(("@method" "@authority" "@path" "@query"))";
constexpr std::string_view kEnd = R"(;alg="ed25519";tag="daybook-read")";
constexpr int kTimeDigitsMax = 15;

bool is_visible(char c) {
  return c > 0x20 && c < 0x7f;
}

// What may stand between quotes: no character that a structured field would escape.
bool is_quotable(char c) {
  return is_visible(c) && c != '"' && c != '\\';
}

bool is_all_visible(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), is_visible);
}

bool is_quotable_text(std::string_view text) {
  return !text.empty() && text.size() <= kSignatureTextSizeMax &&
         std::all_of(text.begin(), text.end(), is_quotable);
}

std::string base_of(const SignedRequest& request, std::string_view parameters) {
  const std::size_t mark = request.target.find('?');
  const std::string_view path = request.target.substr(0, mark);
  // Without a query the component is "?" alone (RFC 9421 section 2.2.7).
  const std::string_view query =
      mark == std::string_view::npos ? std::string_view("?") : request.target.substr(mark);
  const std::array<SignatureComponent, 4> components = {{{"@method", request.method},
                                                         {"@authority", request.authority},
                                                         {"@path", path},
                                                         {"@query", query}}};
  return signature_base(components, parameters);
}

// Walks along a field; each step says what it expected, and where it did not find it.
class FieldReader {
 public:
  FieldReader(std::string_view name, std::string_view text) : name_(name), text_(text) {}

  Result<void> bounded() const {
    if (text_.size() <= kSignatureFieldSizeMax) return {};
    return fail(Errc::kMalformed, std::string(name_) + ": " + std::to_string(text_.size()) +
                                      " characters; the limit is " +
                                      std::to_string(kSignatureFieldSizeMax));
  }

  Result<void> expect(std::string_view literal) {
    if (!rest().starts_with(literal)) return refuse("expected " + std::string(literal));
    at_ += literal.size();
    return {};
  }

  // Digits without a leading zero, as a serialised integer has them.
  Result<std::int64_t> time() {
    const std::string_view digits = take_while([](char c) { return c >= '0' && c <= '9'; });
    const bool canonical = !digits.empty() && (digits.front() != '0' || digits.size() == 1);
    if (!canonical || digits.size() > kTimeDigitsMax) {
      return refuse("a time of 1 to 15 digits was expected before here");
    }
    std::int64_t value = 0;
    for (const char digit : digits) value = value * 10 + (digit - '0');
    return value;
  }

  Result<std::string> quoted() {
    TRY(expect("\""));
    const std::string_view text = take_while(is_quotable);
    if (!is_quotable_text(text)) return refuse("1 to 64 characters were expected before here");
    TRY(expect("\""));
    return std::string(text);
  }

  std::string_view until(char end) {
    return take_while([end](char c) { return c != end; });
  }

  Result<void> expect_end() const {
    return rest().empty() ? Result<void>() : refuse("nothing more was expected");
  }

 private:
  std::string_view rest() const { return text_.substr(at_); }

  template <typename Accepts>
  std::string_view take_while(Accepts accepts) {
    const std::string_view all = rest();
    std::size_t size = 0;
    while (size < all.size() && accepts(all[size])) ++size;
    at_ += size;
    return all.substr(0, size);
  }

  Unexpected refuse(const std::string& why) const {
    return fail(Errc::kMalformed,
                std::string(name_) + ", character " + std::to_string(at_) + ": " + why);
  }

  std::string_view name_;
  std::string_view text_;
  std::size_t at_ = 0;
};

Result<envelope::Signature> parse_signature_field(std::string_view text) {
  FieldReader reader("Signature", text);
  TRY(reader.bounded());
  TRY(reader.expect(kLabel));
  TRY(reader.expect(":"));
  const std::string_view encoded = reader.until(':');
  TRY(reader.expect(":"));
  TRY(reader.expect_end());
  const auto bytes = from_base64(encoded);
  if (!bytes) return fail(Errc::kMalformed, "Signature: " + bytes.error().what);
  const auto signature = envelope::Signature::from(*bytes);
  if (!signature) return fail(Errc::kMalformed, "Signature: " + signature.error().what);
  return *signature;
}

}  // namespace

std::string signature_base(std::span<const SignatureComponent> components,
                           std::string_view parameters) {
  std::string base;
  for (const SignatureComponent& component : components) {
    base.append("\"").append(component.name).append("\": ").append(component.value).append("\n");
  }
  return base.append("\"@signature-params\": ").append(parameters);
}

SignatureFields sign_request(const SignedRequest& request, const envelope::PrivateKey& key,
                             std::string_view keyid, std::int64_t created_s, std::int64_t expires_s,
                             std::string_view nonce) {
  CORE_CHECK(is_quotable_text(keyid) && is_quotable_text(nonce));
  CORE_CHECK(0 <= created_s && created_s <= expires_s && expires_s <= kSignatureTimeMax);
  std::string parameters(kComponents);
  parameters.append(";created=").append(std::to_string(created_s));
  parameters.append(";expires=").append(std::to_string(expires_s));
  parameters.append(";nonce=\"").append(nonce).append("\"");
  parameters.append(";keyid=\"").append(keyid).append("\"");
  parameters.append(kEnd);
  const envelope::Signature signature = key.sign(as_bytes(base_of(request, parameters)));
  return {std::string(kLabel) + parameters,
          std::string(kLabel) + ":" + to_base64(signature.view()) + ":"};
}

Result<ClaimedSignature> parse_signature(std::string_view input, std::string_view signature) {
  ClaimedSignature claimed;
  FieldReader reader("Signature-Input", input);
  TRY(reader.bounded());
  TRY(reader.expect(kLabel));
  TRY(reader.expect(kComponents));
  TRY(reader.expect(";created="));
  TRY_ASSIGN(claimed.created_s, reader.time());
  TRY(reader.expect(";expires="));
  TRY_ASSIGN(claimed.expires_s, reader.time());
  TRY(reader.expect(";nonce="));
  TRY_ASSIGN(claimed.nonce, reader.quoted());
  TRY(reader.expect(";keyid="));
  TRY_ASSIGN(claimed.keyid, reader.quoted());
  TRY(reader.expect(kEnd));
  TRY(reader.expect_end());
  if (claimed.expires_s < claimed.created_s) {
    return fail(Errc::kMalformed, "Signature-Input: expires before it was created");
  }
  claimed.parameters = input.substr(kLabel.size());
  TRY_ASSIGN(claimed.signature, parse_signature_field(signature));
  return claimed;
}

bool verify_request(const ClaimedSignature& claimed, const SignedRequest& request,
                    const envelope::PublicKey& key) {
  // A line break in one part could pass for another part.
  if (!is_all_visible(request.method) || !is_all_visible(request.authority) ||
      !is_all_visible(request.target) || !request.target.starts_with('/')) {
    return false;
  }
  return envelope::verify(key, as_bytes(base_of(request, claimed.parameters)), claimed.signature);
}

bool NonceCache::first_use(std::string_view keyid_and_nonce, std::int64_t expires_s,
                           std::int64_t now_s) {
  latest_s_ = std::max(latest_s_, now_s);
  while (!by_expiry_.empty() && by_expiry_.begin()->first < latest_s_) {
    known_.erase(by_expiry_.begin()->second);
    by_expiry_.erase(by_expiry_.begin());
  }
  if (expires_s < latest_s_ || known_.contains(keyid_and_nonce) || known_.size() >= max_) {
    return false;
  }
  const auto kept = by_expiry_.emplace(expires_s, keyid_and_nonce);
  known_.insert(kept->second);
  return true;
}

}  // namespace core::wire
