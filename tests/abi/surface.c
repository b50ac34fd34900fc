/* The smallest library that shows every type of the ABI to abidiff. */
#include <streamd/driver.h>

const streamd_driver* streamd_driver_v1(const streamd_host* host) {
  static const streamd_driver driver = {.struct_size = sizeof driver};
  return host == NULL ? NULL : &driver;
}
