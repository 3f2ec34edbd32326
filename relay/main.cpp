// daybook-relay: serve, check, dump. The command line only; the work is in the room's library.
#include <CLI/CLI.hpp>
#include <cstdio>

#include "core/wire/endpoint.h"
#include "relay/inspect.h"
#include "relay/serve.h"

namespace {

struct Words {
  std::string directory;
  std::string listen = "127.0.0.1:8080";
  std::uint64_t client_timeout_ms = 10000;
  std::uint64_t segment_bytes = std::uint64_t{64} << 20;
  std::size_t connections_max = 16384;
  std::uint64_t from = 0;
};

void add_serve(CLI::App& app, Words& words) {
  CLI::App* serve = app.add_subcommand("serve", "Take messages over HTTP and keep them in a log");
  serve->add_option("--data", words.directory, "Directory of the log; made when it is not there")
      ->check([](const std::string& text) { return text.empty() ? "names no directory" : ""; })
      ->required();
  serve->add_option("--listen", words.listen, "ADDRESS:PORT; port 0 takes any free one")
      ->capture_default_str();
  serve
      ->add_option("--client-timeout-ms", words.client_timeout_ms,
                   "A client that makes no progress for so long is cut off")
      ->check(CLI::Range(std::uint64_t{10}, std::uint64_t{3600000}))
      ->capture_default_str();
  serve
      ->add_option("--segment-bytes", words.segment_bytes,
                   "A segment file is closed when it has this size")
      ->check(CLI::Range(std::uint64_t{4096}, std::uint64_t{1} << 40))
      ->capture_default_str();
  serve
      ->add_option("--max-connections", words.connections_max,
                   "Further clients wait until one of so many leaves")
      ->check(CLI::Range(std::size_t{1}, std::size_t{1000000}))
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

core::Result<void> run(const CLI::App& app, const Words& words) {
  if (app.got_subcommand("check")) return relay::check_log(words.directory, stdout);
  if (app.got_subcommand("dump")) {
    return relay::dump_log(words.directory, core::LogIndex{words.from}, stdout);
  }
  TRY_ASSIGN(const core::wire::Endpoint endpoint, core::wire::parse_endpoint(words.listen));
  relay::ServeOptions options;
  options.directory = words.directory;
  options.server.host = endpoint.host;
  options.server.port = endpoint.port;
  options.server.client_timeout = std::chrono::milliseconds(words.client_timeout_ms);
  options.server.connections_max = words.connections_max;
  options.log.segment_bytes = words.segment_bytes;
  return relay::serve(options);
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app(
      "daybook-relay puts the tills' messages in one order, drops re-sent ones and keeps them in\n"
      "an append-only log. An answer is given only after the message is on the disk.");
  app.footer(
      "Examples:\n"
      "  daybook-relay serve --data log --listen 127.0.0.1:8080\n"
      "  curl --data-binary @messages.cborseq http://127.0.0.1:8080/v1/messages\n"
      "  curl 'http://127.0.0.1:8080/v1/entries?from=0' --output entries.cborseq\n"
      "  daybook-relay check log\n"
      "Exit status: 0 done, 1 the data or the disk says no, 2 wrong usage.");
  app.require_subcommand(1);
  Words words;
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
