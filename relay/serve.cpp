// Puts log, sequencer and server together.
// Must not know HTTP's words or the log's bytes.
#include "relay/serve.h"

#include <sys/resource.h>

#include <cstdio>

#include "relay/sequencer.h"

namespace relay {
namespace {

struct Log {
  std::unique_ptr<core::disk::LogWriter> writer;
  core::disk::Recovery recovery;
  Sequencer::KnownIds known;
};

core::Result<Log> open_log(const ServeOptions& options) {
  Log log;
  const auto remember = [&log](core::disk::LogEntry entry) {
    log.known.emplace(core::envelope::message_id(entry.body), entry.index);
  };
  TRY_ASSIGN(log.writer,
             core::disk::LogWriter::open(core::disk::posix_filesystem(), options.directory,
                                         options.log, remember, log.recovery));
  if (log.recovery.torn_tail) {
    std::fprintf(stderr, "truncated: %s\n", describe(*log.recovery.torn_tail).c_str());
  }
  return log;
}

// Every connection needs a descriptor; the usual soft limit is far below the hard one.
void raise_descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace

core::Result<void> serve(const ServeOptions& options) {
  raise_descriptor_limit();
  Metrics metrics;
  TRY_ASSIGN(Log log, open_log(options));
  metrics.log_size = log.writer->log_size();
  core::disk::RecordReader reader(core::disk::posix_filesystem(), options.directory);
  TRY_ASSIGN(const auto server, Server::listen(options.server, metrics, std::move(reader),
                                               std::move(log.recovery.places)));
  Sequencer sequencer(std::move(log.writer), std::move(log.known), metrics,
                      [&server](Delivery delivery) { server->deliver(std::move(delivery)); });
  std::printf("listening on %s:%u\n", options.server.host.c_str(), unsigned{server->port()});
  std::fflush(stdout);
  const auto served = server->run([&sequencer](std::shared_ptr<Submission> submission) {
    sequencer.submit(std::move(submission));
  });
  const auto stopped = sequencer.stop();
  return served ? stopped : served;
}

}  // namespace relay
