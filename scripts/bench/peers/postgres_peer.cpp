// PostgreSQL as a peer: a prepared INSERT ... ON CONFLICT DO NOTHING, one commit a message.
// Protocol: PostgreSQL 15 manual, chapter 55 "Frontend/Backend Protocol", extended query.
#include "core/base/decimal.h"
#include "core/base/run_command.h"
#include "scripts/bench/peers/ask.h"
#include "scripts/bench/peers/peer.h"
#include "scripts/bench/peers/postgres_child.h"

namespace bench {
namespace {

using core::Errc;
using core::fail;
using core::Result;

constexpr std::size_t kConnectionsMax = 120;
constexpr std::size_t kConnectionsUsed = 100;  // the rest for its superuser and for our questions
constexpr std::uint32_t kByteaOid = 17;
constexpr std::string_view kInsert =
    "INSERT INTO message(id, body) VALUES ($1, $2) ON CONFLICT DO NOTHING";
constexpr std::string_view kTable =
    "CREATE TABLE message(id bytea PRIMARY KEY, place bigserial, body bytea NOT NULL)";
constexpr std::size_t kHead = 5;  // type and length of a message

void put16(std::string& out, std::uint32_t value) {
  out += static_cast<char>(value >> 8);
  out += static_cast<char>(value);
}

void put32(std::string& out, std::uint32_t value) {
  put16(out, value >> 16);
  put16(out, value);
}

std::uint32_t get32(std::string_view in) {
  std::uint32_t value = 0;
  for (const char byte : in.substr(0, 4)) value = value << 8 | static_cast<std::uint8_t>(byte);
  return value;
}

void put_text(std::string& out, std::string_view text) {
  out.append(text).push_back('\0');
}

void put_value(std::string& out, std::string_view bytes) {
  put32(out, static_cast<std::uint32_t>(bytes.size()));
  out.append(bytes);
}

void put_message(std::string& out, char type, std::string_view body) {
  out += type;
  put32(out, static_cast<std::uint32_t>(body.size() + 4));
  out.append(body);
}

std::string startup() {
  std::string body;
  put32(body, 3 << 16);
  for (const char* text : {"user", "postgres", "database", "postgres", ""}) put_text(body, text);
  std::string out;
  put32(out, static_cast<std::uint32_t>(body.size() + 4));
  return out + body;
}

// The message at the front of `in`, without its head; its whole size in `used`, or 0: more needed.
std::string_view take_message(std::string_view in, std::size_t& used) {
  used = 0;
  if (in.size() < kHead) return {};
  const std::size_t size = std::size_t{1} + get32(in.substr(1));
  if (in.size() < size) return {};
  used = size;
  return in.substr(kHead, size - kHead);
}

// The text of an ErrorResponse: its field M.
std::string error_text(std::string_view body) {
  while (!body.empty() && body[0] != '\0') {
    const std::string_view field = body.substr(1, body.find('\0', 1) - 1);
    if (body[0] == 'M') return std::string(field);
    body.remove_prefix(std::min(body.size(), field.size() + 2));
  }
  return "an error without a text";
}

class PostgresSession final : public Session {
 public:
  explicit PostgresSession(const Workload& workload) : workload_(workload) {}

  void greet(std::string& out) override {
    out += startup();
    std::string parse;
    put_text(parse, "insert");
    put_text(parse, kInsert);
    put16(parse, 2);
    put32(parse, kByteaOid);
    put32(parse, kByteaOid);
    put_message(out, 'P', parse);
    put_message(out, 'S', "");
  }

  void request(std::size_t index, std::string& out) override {
    bind_.clear();
    put_text(bind_, "");
    put_text(bind_, "insert");
    put16(bind_, 1);  // one format for all parameters: binary
    put16(bind_, 1);
    put16(bind_, 2);
    put_value(bind_, workload_.id(index));
    put_value(bind_, workload_.text(index));
    put16(bind_, 0);
    put_message(out, 'B', bind_);
    put_message(out, 'E', std::string_view("\0\0\0\0\0", 5));  // the unnamed portal, all rows
    put_message(out, 'S', "");
    verdict_ = Event::kMore;
  }

  // A request ends with ReadyForQuery; its verdict came before, in CommandComplete.
  Event feed(std::string_view in, std::size_t& used, std::string&) override {
    while (true) {
      std::size_t size = 0;
      const std::string_view body = take_message(in.substr(used), size);
      if (size == 0) return Event::kMore;
      const char type = in[used];
      used += size;
      if (type == 'E') return fail_with(error_text(body));
      if (type == 'C') {
        verdict_ = body.starts_with("INSERT 0 1") ? Event::kAccepted : Event::kDuplicate;
      }
      if (type != 'Z') continue;
      if (ready_for_query_ < kGreetingAnswers) {
        if (++ready_for_query_ == kGreetingAnswers) return Event::kReady;
        continue;
      }
      return verdict_ == Event::kMore ? fail_with("no CommandComplete") : verdict_;
    }
  }

 private:
  static constexpr int kGreetingAnswers = 2;  // after the start and after the preparation

  const Workload& workload_;
  std::string bind_;
  Event verdict_ = Event::kMore;
  int ready_for_query_ = 0;
};

// Reads to the second ReadyForQuery, or to an error.
bool query_complete(std::string_view text) {
  int ready = 0;
  while (true) {
    std::size_t size = 0;
    take_message(text, size);
    if (size == 0) return ready == 2;
    if (text[0] == 'E') return true;
    ready += text[0] == 'Z' ? 1 : 0;
    text.remove_prefix(size);
  }
}

// One query on a connection of its own: the first column of its first row, or "".
Result<std::string> query(std::uint16_t port, std::string_view sql) {
  std::string question = startup();
  std::string body;
  put_text(body, sql);
  put_message(question, 'Q', body);
  TRY_ASSIGN(const std::string said, ask(port, question, query_complete));
  std::string_view rest = said;
  while (true) {
    std::size_t size = 0;
    const std::string_view message = take_message(rest, size);
    if (size == 0) return std::string();
    if (rest[0] == 'E') return fail(Errc::kProtocol, error_text(message));
    if (rest[0] == 'D') return std::string(message.substr(6, get32(message.substr(2))));
    rest.remove_prefix(size);
  }
}

class PostgresPeer final : public Peer {
 public:
  PostgresPeer() : Peer("postgres") {}

  Result<std::string> version() override {
    const auto said = core::run_command({std::string(kPostgresPrograms) + "postgres", "--version"});
    if (!said) return fail(Errc::kNotFound, "PostgreSQL 15 is not installed");
    const std::string_view number = std::string_view(*said).substr(said->find(") ") + 2);
    return "PostgreSQL " + std::string(number.substr(0, number.find_first_of(" \n")));
  }

  std::size_t connections_max() const override { return kConnectionsUsed; }

  Result<void> start(const Place& place) override {
    TRY_ASSIGN(port_, free_port());
    TRY_ASSIGN(child_, start_postgres({place.directory, place.core},
                                      {"listen_addresses=127.0.0.1",
                                       "unix_socket_directories=", "port=" + std::to_string(port_),
                                       "max_connections=" + std::to_string(kConnectionsMax)}));
    return until_ready([this]() -> Result<void> {
      TRY(query(port_, kTable));
      return {};
    });
  }

  std::unique_ptr<Session> open(const Workload& workload, std::size_t) override {
    return std::make_unique<PostgresSession>(workload);
  }

  Result<std::uint64_t> stored() override {
    TRY_ASSIGN(const std::string count, query(port_, "SELECT count(DISTINCT id) FROM message"));
    return core::parse_unsigned(count);
  }
};

}  // namespace

std::unique_ptr<Peer> make_postgres_peer() {
  return std::make_unique<PostgresPeer>();
}

}  // namespace bench
