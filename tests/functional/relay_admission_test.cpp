// Who may write and who may read: two organisations on one relay, every endpoint, every wrong
// credential. The real relay, over loopback.
#include <doctest/doctest.h>
#include <signal.h>

#include <filesystem>
#include <thread>

#include "core/base/clock.h"
#include "core/envelope/message.h"
#include "core/envelope/roster.h"
#include "core/tlog/receipt.h"
#include "core/wire/http_signature.h"
#include "tests/functional/relay_process.h"
#include "tests/support/certificates.h"
#include "tests/support/enrol.h"
#include "tests/support/temp_dir.h"

namespace {

using core::Bytes;
using core::Errc;
using core::envelope::PrivateKey;
using core::wire::PostStatus;
using test::Relay;
using test::Socket;

PrivateKey key_of(std::uint8_t number) {
  return PrivateKey::from_seed(Bytes(32, number)).value();
}

// An organisation: head office with a roster, and its directory at the relay.
class Organisation {
 public:
  Organisation(std::filesystem::path where, std::string name, std::uint8_t head_office)
      : directory(std::move(where)), origin(std::move(name)), office(key_of(head_office)) {
    vkey =
        test::make_log(this->directory, this->origin, {"--head-office", office.public_key().hex()});
    roster = core::envelope::Roster::read({}, origin, office.public_key()).value();
  }

  void enrol(std::uint32_t till, const PrivateKey& key) {
    append(roster.enrol(test::enrol_request(origin, ref(till), key), office).value());
  }
  void revoke(std::uint32_t till) {
    append(roster.revoke(ref(till), core::Epoch{1}, {}, office).value());
  }
  void write_roster(const Bytes& content) const {
    test::write_file(directory / "roster.cbor", content);
  }

  Bytes message(const PrivateKey& key, std::uint64_t sequence) const {
    core::envelope::Header header;
    header.kid = core::envelope::derive_kid(origin, key.public_key());
    header.epoch = core::Epoch{1};
    header.sequence = core::Sequence{sequence};
    return core::envelope::sign_message(header, Bytes{1, 2, 3}, key).value();
  }
  std::string keyid() const {
    return core::envelope::derive_kid(origin, office.public_key()).hex();
  }
  core::wire::ReadCredential credential() const { return {office, keyid()}; }

  std::filesystem::path directory;
  std::string origin;
  PrivateKey office;
  std::string vkey;
  core::envelope::Roster roster;
  Bytes roster_file;

 private:
  static core::TillRef ref(std::uint32_t till) { return {core::StoreId{1}, core::TillId{till}}; }
  void append(const Bytes& bulletin) {
    core::append(roster_file, bulletin);
    write_roster(roster_file);
  }
};

// Two organisations with two tills each.
struct Two {
  test::TempDir dir;
  Organisation shops{dir / "data/shops", "example.com/shops", 1};
  Organisation cafes{dir / "data/cafes", "example.org/cafes", 2};
  PrivateKey shop_till = key_of(11);
  PrivateKey cafe_till = key_of(12);
  PrivateKey stranger = key_of(13);

  Two() {
    shops.enrol(1, shop_till);
    cafes.enrol(1, cafe_till);
  }
  std::string data() const { return dir / "data"; }
};

core::wire::PostAnswer post(Relay& relay, const Bytes& message) {
  const auto answers = relay.client().post(std::vector<Bytes>{message});
  REQUIRE_MESSAGE(answers, (answers ? "" : describe(answers.error())));
  return answers->each.front();
}

bool refused(const core::wire::PostAnswer& answer, const std::string& reason) {
  return answer.status == PostStatus::kRefused && answer.reason.starts_with(reason);
}

int status_of(const std::string& response) {
  return response.size() < 12 ? 0 : std::stoi(response.substr(9, 3));
}

std::string raw_post(Relay& relay, const Bytes& message) {
  return test::http(relay.endpoint, "POST", "/v1/messages", core::as_text(message));
}

std::string metric(Relay& relay, const std::string& name) {
  const std::string text = relay.client().get("/metrics").value();
  const std::size_t at = text.find(name + " ");
  if (at == std::string::npos) return "none";
  return text.substr(at + name.size() + 1, text.find('\n', at) - at - name.size() - 1);
}

// A GET with signature fields as given.
std::string read(Relay& relay, const std::string& target, const std::string& headers) {
  Socket socket(relay.endpoint);
  socket.send("GET " + target + " HTTP/1.1\r\nHost: relay.test\r\nConnection: close\r\n" + headers +
              "\r\n");
  return socket.read_to_end().value_or("");
}

std::string signed_by(const PrivateKey& key, const std::string& keyid, const std::string& target,
                      std::int64_t created_s, std::int64_t expires_s, const std::string& nonce) {
  const auto fields = core::wire::sign_request({"GET", "relay.test", target}, key, keyid, created_s,
                                               expires_s, nonce);
  return "Signature-Input: " + fields.input + "\r\nSignature: " + fields.signature + "\r\n";
}

std::int64_t now_s() {
  return core::SystemClock().now_ms() / 1000;
}

}  // namespace

TEST_CASE("a message enters the log of the key that signed it, and the receipt is that log's") {
  Two two;
  Relay relay(two.data());
  REQUIRE(relay.listening());
  for (int n = 1; n <= 3; ++n) {
    const Bytes message = two.shops.message(two.shop_till, static_cast<std::uint64_t>(n));
    const auto answers = relay.client().post(std::vector<Bytes>{message}).value();
    CHECK(answers.each[0].index.value == static_cast<std::uint64_t>(n - 1));
    const core::tlog::Receipt receipt{answers.each[0].index, answers.checkpoint,
                                      answers.each[0].proof};
    const auto id = core::envelope::message_id(message);
    CHECK(verify_receipt(receipt, id, core::tlog::NoteVerifier::parse(two.shops.vkey).value()));
    CHECK_FALSE(
        verify_receipt(receipt, id, core::tlog::NoteVerifier::parse(two.cafes.vkey).value()));
  }
  CHECK(post(relay, two.cafes.message(two.cafe_till, 1)).index.value == 0);
  CHECK(post(relay, two.cafes.message(two.cafes.office, 1)).index.value == 1);  // head office, too
}

TEST_CASE("unknown keys, foreign keys and forged signatures get 403, a counter, and no place") {
  Two two;
  Relay relay(two.data());
  REQUIRE(relay.listening());
  CHECK(refused(post(relay, two.shops.message(two.stranger, 1)), "unknown-key"));
  // The café's till, enrolled there, in the shops' log: its kid is nobody's.
  CHECK(refused(post(relay, two.shops.message(two.cafe_till, 1)), "unknown-key"));
  // A stranger who writes the till's kid into his header.
  core::envelope::Header header;
  header.kid = core::envelope::derive_kid(two.shops.origin, two.shop_till.public_key());
  header.epoch = core::Epoch{1};
  header.sequence = core::Sequence{1};
  const Bytes forged = core::envelope::sign_message(header, Bytes{9}, two.stranger).value();
  CHECK(refused(post(relay, forged), "bad-signature"));
  CHECK(status_of(raw_post(relay, forged)) == 403);
  CHECK(metric(relay, "daybook_relay_messages_total{status=\"refused\",reason=\"unknown-key\"}") ==
        "2");
  CHECK(metric(relay,
               "daybook_relay_messages_total{status=\"refused\",reason=\"bad-signature\"}") == "2");
  CHECK(relay.client().get("/healthz")->find("\"log_size\":0") != std::string::npos);

  // In one request, a good message is not held up by its neighbours, nor does it carry them along.
  const auto mixed = relay.client().post(std::vector<Bytes>{two.shops.message(two.stranger, 1),
                                                            two.shops.message(two.shop_till, 1),
                                                            two.cafes.message(two.cafe_till, 1)});
  REQUIRE(mixed);
  CHECK(refused(mixed->each[0], "unknown-key"));
  CHECK(mixed->each[1].status == PostStatus::kAccepted);
  CHECK(refused(mixed->each[2], "unknown-key"));  // of another log than the request's first
  CHECK(relay.client().get("/healthz")->find("\"log_size\":1") != std::string::npos);
}

TEST_CASE("after SIGHUP a revoked key gets nothing new in, and its old messages stay duplicates") {
  Two two;
  Relay relay(two.data());
  REQUIRE(relay.listening());
  const Bytes old_message = two.shops.message(two.shop_till, 1);
  CHECK(post(relay, old_message).status == PostStatus::kAccepted);
  const Bytes before = two.shops.roster_file;
  two.shops.revoke(1);
  two.shops.enrol(2, two.stranger);
  relay.process.signal(SIGHUP);
  const auto until_enrolled = [&] {
    for (int i = 0; i < 100; ++i) {
      if (post(relay, two.shops.message(two.stranger, 1)).status != PostStatus::kRefused)
        return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    return false;
  };
  CHECK(until_enrolled());
  CHECK(refused(post(relay, two.shops.message(two.shop_till, 2)), "revoked"));
  CHECK(status_of(raw_post(relay, two.shops.message(two.shop_till, 2))) == 403);
  CHECK(post(relay, old_message).status == PostStatus::kDuplicate);
  // An older roster would give the key back: it is refused, and the present one stays in force.
  two.shops.write_roster(before);
  relay.process.signal(SIGHUP);
  std::this_thread::sleep_for(std::chrono::milliseconds(200));
  CHECK(refused(post(relay, two.shops.message(two.shop_till, 2)), "revoked"));
  CHECK(relay.stop().err.find("does not continue the roster before") != std::string::npos);
}

namespace {

// One request.
core::wire::PostAnswers post_all(Relay& relay, const std::vector<Bytes>& messages) {
  auto answers = relay.client().post(messages);
  REQUIRE_MESSAGE(answers, (answers ? "" : describe(answers.error())));
  return std::move(*answers);
}

}  // namespace

TEST_CASE("the relay takes the roster up from the log: enrolments, revocations, a leaked key") {
  using core::envelope::ChainPlace;
  using core::envelope::RosterSigner;
  test::TempDir dir;
  Organisation shops(dir / "data", "example.com/shops", 1);
  const PrivateKey office_key = key_of(20), next_key = key_of(21);
  const PrivateKey till = key_of(11), thief = key_of(12);
  Relay relay(dir / "data");
  REQUIRE(relay.listening());
  CHECK(refused(post(relay, shops.message(till, 1)), "unknown-key"));

  // The root enrols head office's key of every day, and that one a till.
  core::envelope::Roster& roster = shops.roster;
  const auto ask = [&](core::TillRef ref, const PrivateKey& key) {
    return test::enrol_request(shops.origin, ref, key);
  };
  const core::TillRef first_till{core::StoreId{1}, core::TillId{1}};
  const core::TillRef stolen_till{core::StoreId{9}, core::TillId{9}};
  const Bytes office = roster.enrol(ask({}, office_key), shops.office).value();
  ChainPlace last{core::Sequence{0}, core::envelope::message_id(office)};
  const auto sign = [&](core::Result<Bytes> entry) {
    REQUIRE(entry.has_value());
    last = {core::Sequence{last.sequence.value + 1}, core::envelope::message_id(*entry)};
    return *entry;
  };
  const Bytes enrolment = sign(roster.enrol(ask(first_till, till), RosterSigner(office_key, last)));
  CHECK(refused(post(relay, enrolment), "unknown-key"));  // its signer is not enrolled yet
  CHECK(post(relay, office).status == PostStatus::kAccepted);
  CHECK(post(relay, enrolment).status == PostStatus::kAccepted);
  CHECK(post(relay, shops.message(till, 1)).status == PostStatus::kAccepted);
  CHECK(post(relay, enrolment).status == PostStatus::kDuplicate);

  // What is not behind the last place is taken, whenever it comes.
  const ChainPlace third{core::Sequence{3}, core::envelope::message_id(shops.message(till, 3))};
  const core::envelope::Roster before_theft = roster;
  const ChainPlace before = last;
  const Bytes revocation =
      sign(roster.revoke(first_till, core::Epoch{1}, third, RosterSigner(office_key, last)));
  CHECK(post(relay, revocation).status == PostStatus::kAccepted);
  CHECK(refused(post(relay, shops.message(till, 4)), "revoked"));
  CHECK(post(relay, shops.message(till, 3)).status == PostStatus::kAccepted);
  CHECK(post(relay, shops.message(till, 2)).status == PostStatus::kAccepted);

  // Whoever has the key of every day enrols himself, until the root takes it back.
  const Bytes theft = sign(roster.enrol(ask(stolen_till, thief), RosterSigner(office_key, last)));
  CHECK(post(relay, theft).status == PostStatus::kAccepted);
  CHECK(post(relay, shops.message(thief, 1)).status == PostStatus::kAccepted);
  core::envelope::Roster own = before_theft;
  REQUIRE(own.add(revocation).has_value());
  const ChainPlace good{core::Sequence{before.sequence.value + 1},
                        core::envelope::message_id(revocation)};
  const Bytes taken_back =
      own.revoke(core::envelope::kHeadOffice, core::Epoch{1}, good, shops.office).value();
  const Bytes successor = own.enrol(ask({}, next_key), shops.office).value();
  const auto answers = post_all(relay, {taken_back, successor});
  CHECK(answers.each[0].status == PostStatus::kAccepted);
  CHECK(answers.each[1].status == PostStatus::kAccepted);
  CHECK(refused(post(relay, shops.message(thief, 2)), "unknown-key"));
  CHECK(refused(post(relay, shops.message(till, 4)), "revoked"));
  const Bytes late_theft =
      roster.enrol(ask(stolen_till, key_of(13)), RosterSigner(office_key, last)).value();
  CHECK(refused(post(relay, late_theft), "revoked"));

  // It is all there after a restart, and the same as head office has it.
  CHECK(relay.stop().status == 0);
  Bytes file;
  for (const Bytes& entry : {office, enrolment, revocation, taken_back, successor}) {
    core::append(file, entry);
  }
  CHECK(test::read_file(shops.directory / "roster.cbor") == file);
  Relay again(dir / "data");
  REQUIRE(again.listening());
  CHECK(refused(post(again, shops.message(thief, 3)), "unknown-key"));
  const ChainPlace fresh{core::Sequence{0}, core::envelope::message_id(successor)};
  const Bytes next_till =
      own.enrol(ask(stolen_till, key_of(14)), RosterSigner(next_key, fresh)).value();
  CHECK(post(again, next_till).status == PostStatus::kAccepted);
  CHECK(post(again, shops.message(key_of(14), 1)).status == PostStatus::kAccepted);
}

TEST_CASE("the roster is given to those who are on it, and to nobody else") {
  Two two;
  Relay relay(two.data());
  REQUIRE(relay.listening());
  const auto ask = [&](const Organisation& whose, const PrivateKey* key, const std::string& log) {
    auto client = relay.client();
    if (key != nullptr) {
      const auto kid = core::envelope::derive_kid(whose.origin, key->public_key());
      client.sign_reads({*key, kid.hex()});
    }
    return client.get("/" + log + "/v1/roster");
  };
  for (const PrivateKey* key : {&two.shop_till, &two.shops.office}) {
    const auto roster = ask(two.shops, key, "shops");
    REQUIRE_MESSAGE(roster, (roster ? "" : describe(roster.error())));
    CHECK(core::equal(core::as_bytes(*roster), two.shops.roster_file));
  }
  CHECK_FALSE(ask(two.shops, nullptr, "shops"));
  CHECK_FALSE(ask(two.shops, &two.stranger, "shops"));
  CHECK_FALSE(ask(two.cafes, &two.cafe_till, "shops"));  // another log's
  // A till's key opens the roster, and no entries.
  auto client = relay.client();
  client.sign_reads(
      {two.shop_till,
       core::envelope::derive_kid(two.shops.origin, two.shop_till.public_key()).hex()});
  CHECK_FALSE(client.get("/shops/v1/entries"));
  const Bytes revocation =
      two.shops.roster
          .revoke({core::StoreId{1}, core::TillId{1}}, core::Epoch{1}, {}, two.shops.office)
          .value();
  CHECK(post(relay, revocation).status == PostStatus::kAccepted);
  CHECK_FALSE(ask(two.shops, &two.shop_till, "shops"));
}

TEST_CASE("a key that sends too much waits for the next minute; others do not") {
  Two two;
  two.shops.enrol(2, two.stranger);
  Relay relay(two.data(), {"--messages-per-minute", "5"});
  REQUIRE(relay.listening());
  int accepted = 0;
  int waiting = 0;
  for (std::uint64_t n = 1; n <= 12; ++n) {
    const int status = status_of(raw_post(relay, two.shops.message(two.shop_till, n)));
    ++(status == 200 ? accepted : waiting);
    CHECK((status == 200 || status == 429));
  }
  CHECK(accepted >= 5);
  CHECK(accepted <= 10);  // the minute may have changed once
  CHECK(waiting >= 2);
  CHECK(status_of(raw_post(relay, two.shops.message(two.stranger, 1))) == 200);
  CHECK(status_of(raw_post(relay, two.shops.message(two.shop_till, 1))) == 200);  // a duplicate
}

TEST_CASE("checkpoints and hash tiles are public, entries are not") {
  Two two;
  Relay relay(two.data());
  REQUIRE(relay.listening());
  REQUIRE(post(relay, two.shops.message(two.shop_till, 1)).status == PostStatus::kAccepted);
  CHECK(status_of(read(relay, "/shops/checkpoint", "")) == 200);
  CHECK(status_of(read(relay, "/cafes/checkpoint", "")) == 200);
  CHECK(status_of(read(relay, "/shops/tile/0/000.p/1", "")) == 200);
  CHECK(status_of(read(relay, "/checkpoint", "")) == 404);  // of which of the two?
  CHECK(status_of(read(relay, "/others/checkpoint", "")) == 404);
  CHECK(read(relay, "/shops/checkpoint", "").find("Cache-Control: no-cache") != std::string::npos);
  CHECK(read(relay, "/shops/tile/0/000.p/1", "").find("immutable") != std::string::npos);
  for (const std::string target :
       {"/shops/v1/entries", "/shops/v1/entries?from=0", "/shops/tile/entries/000.p/1"}) {
    CAPTURE(target);
    const std::int64_t now = now_s();
    const Organisation& mine = two.shops;
    const auto with = [&](const std::string& headers) {
      return status_of(read(relay, target, headers));
    };
    const std::string good =
        signed_by(mine.office, mine.keyid(), target, now, now + 60, "n" + target);
    CHECK(with("") == 401);
    CHECK(with(good) == 200);
    CHECK(with(good) == 401);  // sent again
    CHECK(with(signed_by(mine.office, mine.keyid(), target, now - 400, now - 100, "a")) == 401);
    CHECK(with(signed_by(mine.office, mine.keyid(), target, now + 200, now + 260, "b")) == 401);
    CHECK(with(signed_by(mine.office, mine.keyid(), target, now, now + 900, "c")) == 401);
    CHECK(with(signed_by(two.stranger, mine.keyid(), target, now, now + 60, "d")) == 401);
    CHECK(with(signed_by(mine.office, two.cafes.keyid(), target, now, now + 60, "e")) == 401);
    CHECK(with(signed_by(mine.office, "00", target, now, now + 60, "f")) == 401);
    CHECK(with(signed_by(mine.office, mine.keyid(), target + "x", now, now + 60, "g")) == 401);
    // A till's key is for writing.
    const auto till = core::envelope::derive_kid(mine.origin, two.shop_till.public_key()).hex();
    CHECK(with(signed_by(two.shop_till, till, target, now, now + 60, "h")) == 401);
    // The other organisation's head office, with its own good signature.
    CHECK(with(signed_by(two.cafes.office, two.cafes.keyid(), target, now, now + 60,
                         "i" + target)) == 403);
    CHECK(with(signed_by(mine.office, mine.keyid(), target, now, now + 60, "j" + target) +
               signed_by(mine.office, mine.keyid(), target, now, now + 60, "k" + target)) == 401);
    CHECK(with("Signature: x\r\nSignature-Input: y\r\n") == 401);
  }
  CHECK(read(relay, "/cafes/v1/entries",
             signed_by(two.shops.office, two.shops.keyid(), "/cafes/v1/entries", now_s(),
                       now_s() + 60, "z"))
            .find("403") != std::string::npos);
}

TEST_CASE(
    "a relay without head office's key serves nobody, unless it is open, and then it says so") {
  const test::TempDir dir;
  test::make_log(dir / "log");
  const std::vector<std::string> words = {test::relay_binary(), "serve",    "--data",
                                          dir / "log",          "--listen", "127.0.0.1:0"};
  const auto refused = test::run(words);
  CHECK(refused.status == 2);
  CHECK(refused.err.find("--open") != std::string::npos);
  Relay open(dir / "log", {"--log-level", "warn"});
  REQUIRE(open.listening());
  CHECK(open.client().get("/healthz")->find("\"open\":true") != std::string::npos);
  CHECK(open.stop().err.find("event=open") != std::string::npos);
}

TEST_CASE("a clock that is set back opens nothing again and closes nothing") {
  if (test::kSanitized) {
    MESSAGE("skipped: a preloaded clock does not go with a sanitizer");
    return;
  }
  Two two;
  const std::string clock_file = two.dir / "clock";
  const auto set_clock = [&](std::int64_t offset_s) {
    test::write_file(clock_file, core::as_bytes(std::to_string(offset_s)));
  };
  constexpr std::int64_t kHour_s = 3600;
  set_clock(0);
  Relay relay(
      two.data(), {"--messages-per-minute", "20"},
      {"env", std::string("LD_PRELOAD=") + DAYBOOK_CLOCK_SHIM, "DAYBOOK_TEST_CLOCK=" + clock_file});
  REQUIRE(relay.listening());
  const std::string target = "/shops/v1/entries?from=0";
  const auto ask = [&](std::int64_t created_s, const std::string& nonce) {
    return signed_by(two.shops.office, two.shops.keyid(), target, created_s, created_s + 60, nonce);
  };
  const auto status = [&](const std::string& headers) {
    return status_of(read(relay, target, headers));
  };
  CHECK(post(relay, two.shops.message(two.shop_till, 1)).status == PostStatus::kAccepted);
  // The clock goes an hour ahead, as a wrong time server may set it, and back.
  set_clock(kHour_s);
  const std::string ahead = ask(now_s() + kHour_s, "one");
  CHECK(status(ahead) == 200);
  CHECK(status(ahead) == 401);
  CHECK(post(relay, two.shops.message(two.shop_till, 2)).status == PostStatus::kAccepted);
  set_clock(0);
  CHECK(status(ahead) == 401);
  // What is signed by the time that the relay went on with is good, also a day behind.
  set_clock(-24 * kHour_s);
  CHECK(status(ask(now_s() + kHour_s, "two")) == 200);
  CHECK(status(ahead) == 401);
  for (std::uint64_t n = 3; n <= 6; ++n) {
    CHECK(post(relay, two.shops.message(two.shop_till, n)).status == PostStatus::kAccepted);
  }
  CHECK(post(relay, two.shops.message(two.shop_till, 1)).status == PostStatus::kDuplicate);
  std::this_thread::sleep_for(std::chrono::milliseconds(600));  // it is looked at now and then
  const auto stopped = relay.stop();
  CHECK(stopped.status == 0);
  CHECK(stopped.err.find("event=clock-set-back") != std::string::npos);
}

TEST_CASE("plain HTTP stays on loopback, and half of a certificate is wrong usage") {
  Two two;
  const auto start = [&](std::vector<std::string> more) {
    std::vector<std::string> words = {test::relay_binary(), "serve", "--data", two.data()};
    words.insert(words.end(), more.begin(), more.end());
    return test::run(words);
  };
  const auto anywhere = start({"--listen", "0.0.0.0:0"});
  CHECK(anywhere.status == 2);
  CHECK(anywhere.err.find("loopback") != std::string::npos);
  CHECK(start({"--listen", "127.0.0.1:0", "--tls-cert", "x"}).status == 2);
  CHECK(start({"--listen", "127.0.0.1:0", "--tls-cert", "x", "--tls-key", "y"}).status == 1);
}
