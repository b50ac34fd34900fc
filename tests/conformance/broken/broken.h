/* A memory driver, broken on purpose: BROKEN_DRIVER(member, function) defines its table with one
 * operation replaced. Its objects are never shared with another library. */
#ifndef STREAMD_TESTS_BROKEN_H
#define STREAMD_TESTS_BROKEN_H
#include "memory.h"

#define BROKEN_DRIVER(member, function)                                                  \
  static const streamd_option options[] = {{0}};                                         \
  const streamd_driver* streamd_driver_v1(const streamd_host* host) {                    \
    static streamd_driver driver = {MEMORY_OPERATIONS, .name = "broken",                 \
                                    .summary = "broken on purpose", .options = options}; \
    (void)host;                                                                          \
    driver.member = function;                                                            \
    return &driver;                                                                      \
  }

#endif
