// A PUT a part; what lets it in is the till's signature on the part itself.
// Must not know journals.
#include "till/relay_target.h"

#include <curl/curl.h>

#include <algorithm>
#include <array>
#include <filesystem>

#include "core/envelope/keys.h"
#include "core/journal/increment.h"
#include "core/wire/endpoint.h"

namespace till {
namespace {

using core::Errc;
using core::fail;
using core::Result;

constexpr long kConnectTimeout_s = 10;
constexpr long kSlowest_bytes_per_s = 1000;  // for
constexpr long kPatience_s = 30;             // so long, and it is given up
constexpr std::size_t kWordsMax = 300;       // of what the relay says

struct Unfinished {
  core::ByteView left;
  std::string words;
};

std::size_t give(char* to, std::size_t size, std::size_t count, void* from) {
  auto& transfer = *static_cast<Unfinished*>(from);
  const std::size_t bytes = std::min(size * count, transfer.left.size());
  std::copy_n(transfer.left.begin(), bytes, to);
  transfer.left = transfer.left.subspan(bytes);
  return bytes;
}

std::size_t hear(char* from, std::size_t size, std::size_t count, void* to) {
  auto& words = static_cast<Unfinished*>(to)->words;
  const std::size_t room = kWordsMax - std::min(kWordsMax, words.size());
  for (const char c : std::string_view(from, std::min(size * count, room))) {
    words.push_back(c >= ' ' && c < 0x7f ? c : ' ');
  }
  return size * count;
}

Result<void> judge(long status, const RelayPlace& place, std::string words) {
  if (status == 200 || status == 201) return {};
  while (!words.empty() && words.back() == ' ') words.pop_back();
  const std::string what = place.url + ": status " + std::to_string(status) + ": " + words;
  switch (status) {
    case 403:
      return fail(Errc::kUnknownKey, what);
    case 507:
      return fail(Errc::kDiskFull, what + "; head office makes room with daybook-rebuild collect");
    case 503:
      return fail(Errc::kNetwork, what);
    default:
      return fail(Errc::kProtocol, what);
  }
}

class RelayTarget : public BackupTarget {
 public:
  explicit RelayTarget(RelayPlace place) : place_(std::move(place)) {}

  Result<void> put(const std::string& name, core::ByteView file) override {
    TRY_ASSIGN(const auto increment, core::journal::parse_increment(file));
    const std::string url = place_.url + "/v1/backups/" + increment.statement.kid.hex() + "/" +
                            core::envelope::sha256(file).hex();
    const std::unique_ptr<CURL, decltype(&curl_easy_cleanup)> handle(curl_easy_init(),
                                                                     curl_easy_cleanup);
    if (!handle) return fail(Errc::kNetwork, "curl could not be started");
    CURL* const curl = handle.get();
    std::array<char, CURL_ERROR_SIZE> text{};
    Unfinished transfer{file, {}};
    curl_easy_setopt(curl, CURLOPT_URL, url.c_str());
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, text.data());
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, kConnectTimeout_s);
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, kSlowest_bytes_per_s);
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, kPatience_s);
    curl_easy_setopt(curl, CURLOPT_UPLOAD, 1L);
    curl_easy_setopt(curl, CURLOPT_INFILESIZE_LARGE, static_cast<curl_off_t>(file.size()));
    curl_easy_setopt(curl, CURLOPT_READFUNCTION, give);
    curl_easy_setopt(curl, CURLOPT_READDATA, &transfer);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, hear);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, &transfer);
    if (!place_.authorities.empty()) {
      curl_easy_setopt(curl, CURLOPT_CAINFO, place_.authorities.c_str());
    }
    const CURLcode code = curl_easy_perform(curl);
    if (code != CURLE_OK) {
      const std::string what = text[0] != '\0' ? text.data() : curl_easy_strerror(code);
      return fail(Errc::kNetwork, place_.url + ": " + name + ": " + what);
    }
    long status = 0;
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    return judge(status, place_, std::move(transfer.words));
  }

 private:
  RelayPlace place_;
};

}  // namespace

Result<RelayPlace> parse_relay_place(std::string_view text) {
  RelayPlace place;
  const std::size_t comma = std::min(text.find(','), text.size());
  place.url = text.substr(0, comma);
  if (comma < text.size()) place.authorities = text.substr(comma + 1);
  while (place.url.ends_with('/')) place.url.pop_back();
  const auto endpoint = core::wire::parse_endpoint(place.url);
  if (!endpoint) {
    return fail(endpoint.error().code,
                "'relay:" + std::string(text) + "' names no relay: " + endpoint.error().what);
  }
  if (place.url.find("://") == std::string::npos) place.url = "http://" + place.url;
  std::error_code ignored;
  if (!place.authorities.empty() && !std::filesystem::is_regular_file(place.authorities, ignored)) {
    return fail(Errc::kNotFound, place.authorities + ": there is no such file of authorities");
  }
  return place;
}

std::unique_ptr<BackupTarget> relay_target(RelayPlace place) {
  return std::make_unique<RelayTarget>(std::move(place));
}

}  // namespace till
