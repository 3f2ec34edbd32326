// daybook-relay: init, key, serve, check, dump. The command line only; the work is in the room's
// library.
#include <CLI/CLI.hpp>
#include <cstdio>

#include "core/wire/endpoint.h"
#include "relay/inspect.h"
#include "relay/log_lines.h"
#include "relay/serve.h"

namespace {

// Zeros written ahead of the log: a new stretch of them costs one slower sync.
constexpr std::uint64_t kRoomBytes = std::uint64_t{256} << 10;

struct Words {
  std::string directory;
  std::string listen = "127.0.0.1:8080";
  std::string origin;
  std::string head_office;
  std::string tls_certificate;
  std::string tls_key;
  std::string log_level = "info";
  std::uint64_t client_timeout_ms = 10000;
  std::uint64_t segment_bytes = std::uint64_t{64} << 20;
  std::size_t connections_max = 16384;
  std::uint32_t messages_per_minute = 600;
  std::uint64_t blob_bytes_max = std::uint64_t{4} << 30;
  std::uint64_t backup_bytes_max = std::uint64_t{64} << 20;
  unsigned workers = 0;
  bool open = false;
  bool plain_http = false;
  std::uint64_t from = 0;
};

void add_init(CLI::App& app, Words& words) {
  CLI::App* init = app.add_subcommand("init", "Make an organisation's directory, with a new key");
  init->add_option("directory", words.directory, "Directory of the log; made when it is not there")
      ->required();
  init->add_option("--origin", words.origin,
                   "The log's name, such as example.com/shops: head office and tills use the same")
      ->required();
  init->add_option("--head-office", words.head_office,
                   "Head office's public key, 64 hex digits, or the file that holds it; without it "
                   "only serve --open takes messages");
  CLI::App* key = app.add_subcommand("key", "Print the key that the log's checkpoints verify with");
  key->add_option("directory", words.directory, "Directory of the log")->required();
}

void add_serve(CLI::App& app, Words& words) {
  CLI::App* serve = app.add_subcommand("serve", "Take messages over HTTP and keep them in logs");
  serve
      ->add_option("--data", words.directory,
                   "An organisation's directory, or one that holds a directory for each")
      ->check([](const std::string& text) { return text.empty() ? "names no directory" : ""; })
      ->required();
  serve->add_option("--listen", words.listen, "ADDRESS:PORT; port 0 takes any free one")
      ->capture_default_str();
  serve->add_option("--tls-cert", words.tls_certificate,
                    "PEM file: the server's certificate and those up to its authority");
  serve->add_option("--tls-key", words.tls_key, "PEM file: the certificate's private key");
  serve->add_flag("--plain-http", words.plain_http,
                  "Plain HTTP on other addresses than loopback: behind a proxy that speaks TLS");
  serve->add_flag("--open", words.open,
                  "For trials: take messages of every key, let anybody read; one log only");
  serve
      ->add_option("--messages-per-minute", words.messages_per_minute,
                   "New messages that one key may send in a minute; then it gets 429")
      ->check(CLI::Range(1u, 1000000000u))
      ->capture_default_str();
  serve
      ->add_option("--max-blob-bytes", words.blob_bytes_max,
                   "Bytes of all blobs beside one log; then head office gets 507")
      ->check(CLI::Range(std::uint64_t{0}, std::uint64_t{1} << 50))
      ->capture_default_str();
  serve
      ->add_option("--max-backup-bytes", words.backup_bytes_max,
                   "Bytes of backups that one till's key may have waiting here for head office; "
                   "then it gets 507")
      ->check(CLI::Range(std::uint64_t{0}, std::uint64_t{1} << 50))
      ->capture_default_str();
  serve
      ->add_option("--client-timeout-ms", words.client_timeout_ms,
                   "A client that makes no progress for so long is cut off")
      ->check(CLI::Range(std::uint64_t{10}, std::uint64_t{3600000}))
      ->capture_default_str();
  serve
      ->add_option("--segment-bytes", words.segment_bytes,
                   "A segment file is closed and indexed when it has this size")
      ->check(CLI::Range(std::uint64_t{4096}, std::uint64_t{1} << 40))
      ->capture_default_str();
  serve
      ->add_option("--max-connections", words.connections_max,
                   "Further clients wait until one of so many leaves")
      ->check(CLI::Range(std::size_t{1}, std::size_t{1000000}))
      ->capture_default_str();
  serve->add_option("--workers", words.workers, "Threads that serve clients; 0: one a core")
      ->check(CLI::Range(0u, 1024u))
      ->capture_default_str();
  serve->add_option("--log-level", words.log_level, "debug, info, warn or error")
      ->check(CLI::IsMember({"debug", "info", "warn", "error"}))
      ->capture_default_str();
}

void add_offline(CLI::App& app, Words& words) {
  CLI::App* check =
      app.add_subcommand("check", "Check every record of a log that no relay is serving");
  check->add_option("directory", words.directory, "Directory of the log")->required();
  CLI::App* dump = app.add_subcommand("dump", "Print one line an entry: place, id and sender");
  dump->add_option("directory", words.directory, "Directory of the log")->required();
  dump->add_option("--from", words.from, "First log index to print")->capture_default_str();
}

using HeadOffice = std::optional<core::envelope::PublicKey>;

core::Result<HeadOffice> head_office_of(const Words& words) {
  if (words.head_office.empty()) return HeadOffice();
  if (std::filesystem::exists(words.head_office)) {
    TRY_ASSIGN(const auto key, core::envelope::read_public_key(words.head_office));
    return HeadOffice(key);
  }
  const auto bytes = core::from_hex(words.head_office);
  if (!bytes || bytes->size() != core::envelope::PublicKey::kSize) {
    return core::fail(core::Errc::kUsage, "--head-office: neither a file nor 64 hex digits");
  }
  TRY_ASSIGN(const auto key, core::envelope::PublicKey::from(*bytes));
  return HeadOffice(key);
}

core::Result<void> init(const Words& words) {
  TRY_ASSIGN(const HeadOffice head_office, head_office_of(words));
  TRY_ASSIGN(const auto files, relay::init_tenant(words.directory, words.origin, head_office));
  std::printf("%s\n", files.verifier().vkey().c_str());
  return {};
}

core::Result<void> print_key(const Words& words) {
  TRY_ASSIGN(const auto files, relay::read_tenant(words.directory));
  std::printf("%s\n", files.verifier().vkey().c_str());
  return {};
}

core::Result<void> serve(const Words& words) {
  TRY_ASSIGN(const core::wire::Endpoint endpoint, core::wire::parse_endpoint(words.listen));
  relay::set_log_level(*relay::parse_level(words.log_level));
  relay::ServeOptions options;
  options.directory = words.directory;
  options.plain_anywhere = words.plain_http;
  options.server.host = endpoint.host;
  options.server.port = endpoint.port;
  options.server.client_timeout = std::chrono::milliseconds(words.client_timeout_ms);
  options.server.connections_max = words.connections_max;
  options.server.workers = words.workers;
  options.server.tls_certificate = words.tls_certificate;
  options.server.tls_key = words.tls_key;
  options.tenant.log.segment_bytes = words.segment_bytes;
  options.tenant.log.room_bytes = kRoomBytes;
  options.tenant.limits.messages_per_key_and_minute = words.messages_per_minute;
  options.tenant.blob_bytes_max = words.blob_bytes_max;
  options.tenant.backup_bytes_max = words.backup_bytes_max;
  options.tenant.open = words.open;
  return relay::serve(options);
}

core::Result<void> run(const CLI::App& app, const Words& words) {
  if (app.got_subcommand("init")) return init(words);
  if (app.got_subcommand("key")) return print_key(words);
  if (app.got_subcommand("check")) return relay::check_log(words.directory, stdout);
  if (app.got_subcommand("dump")) {
    return relay::dump_log(words.directory, core::LogIndex{words.from}, stdout);
  }
  return serve(words);
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app(
      "daybook-relay puts the tills' messages in one order, drops re-sent ones and keeps them in\n"
      "an append-only log that is a Merkle tree, signed. It answers only after the message is on\n"
      "the disk, with a proof that it is in the tree, and cannot read what the messages say.");
  app.footer(
      "Examples:\n"
      "  daybook-relay init shops --origin example.com/shops --head-office head-office.pub\n"
      "  daybook-relay serve --data shops --listen 127.0.0.1:8080\n"
      "  curl --data-binary @messages.cborseq http://127.0.0.1:8080/v1/messages\n"
      "  curl http://127.0.0.1:8080/checkpoint\n"
      "  daybook-relay check shops\n"
      "Exit status: 0 done, 1 the data or the disk says no, 2 wrong usage.");
  app.require_subcommand(1);
  Words words;
  add_init(app, words);
  add_serve(app, words);
  add_offline(app, words);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  const auto done = run(app, words);
  if (done) return 0;
  std::fprintf(stderr, "daybook-relay: %s\n", core::describe(done.error()).c_str());
  return core::exit_status(done.error().code);
}
