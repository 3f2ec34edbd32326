// Requests with signature fields as a test wants them, over a plain socket.
#pragma once

#include <string>

#include "core/base/clock.h"
#include "core/wire/http_signature.h"
#include "tests/functional/relay_process.h"

namespace test {

struct Signed {
  std::string method = "GET";
  std::string target;
  std::string nonce;
  std::int64_t age_s = 0;  // how long ago it was signed
};

// The two header lines, by `key`, which says that it is `keyid`.
inline std::string signature_lines(const Signed& what, const core::envelope::PrivateKey& key,
                                   const std::string& keyid) {
  const std::int64_t created_s = core::SystemClock().now_ms() / 1000 - what.age_s;
  const auto fields = core::wire::sign_request({what.method, "relay.test", what.target}, key, keyid,
                                               created_s, created_s + 60, what.nonce);
  return "Signature-Input: " + fields.input + "\r\nSignature: " + fields.signature + "\r\n";
}

// The whole response, of a connection that is closed afterwards.
inline std::string request(const Relay& relay, const std::string& method, const std::string& target,
                           const std::string& lines, std::string_view body = {}) {
  Socket socket(relay.endpoint);
  std::string text = method + " " + target + " HTTP/1.1\r\nHost: relay.test\r\n";
  text += "Connection: close\r\n" + lines;
  if (!body.empty()) text += "Content-Length: " + std::to_string(body.size()) + "\r\n";
  socket.send(text + "\r\n" + std::string(body));
  return socket.read_to_end().value_or("");
}

inline int status_of(const std::string& response) {
  return response.size() < 12 ? 0 : std::stoi(response.substr(9, 3));
}

// An error's code, or "good".
template <typename T>
std::string code_of(const core::Result<T>& result) {
  return result ? "good" : std::string(core::errc_text(result.error().code));
}

inline std::string metric(const Relay& relay, const std::string& name) {
  const std::string text = relay.client().get("/metrics").value();
  const std::size_t at = text.find("\n" + name + " ");
  if (at == std::string::npos) return "none";
  const std::size_t start = at + name.size() + 2;
  return text.substr(start, text.find('\n', start) - start);
}

}  // namespace test
