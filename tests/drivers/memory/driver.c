#include "memory.h"

static const streamd_option options[] = {
    {"store", "string", "default", "instances with the same store share their objects", 0, 0},
    {"latency", "duration", "0ms", "how long every operation takes at least", 0, 0},
    {"max-remove-batch", "int", "0", "keys per remove; 0 = no limit", 0, 0},
    {"unordered", "bool", "false", "list in descending order, without that capability", 0, 0},
    {"if-absent", "bool", "true", "offer the capability", 0, 0},
    {0}};

static const streamd_driver driver = {
    MEMORY_OPERATIONS,
    .name = "memory",
    .summary = "memory of the process, for tests",
    .options = options,
};

const streamd_driver* streamd_driver_v1(const streamd_host* host) {
  (void)host;
  return &driver;
}
