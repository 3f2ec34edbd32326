// Niceness of a thread: how far behind others it stands when the processor is what limits.
#pragma once

#include <sys/resource.h>
#include <unistd.h>

namespace relay {

// Of the calling thread, which on Linux has one of its own. A courtesy: without it all works too.
inline void set_niceness(int niceness) {
  static_cast<void>(::setpriority(PRIO_PROCESS, static_cast<id_t>(::gettid()), niceness));
}

}  // namespace relay
