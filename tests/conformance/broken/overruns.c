/* Fault: takes the host's struct_size as leave to clear it all. */
#include <string.h>

#include "broken.h"

static streamd_code stat(void* instance, const streamd_call* call, const char* key,
                         streamd_object* out) {
  const uint32_t size = out->struct_size;
  memset(out, 0, size);
  out->struct_size = size;
  return memory_stat(instance, call, key, out);
}

BROKEN_DRIVER(stat, stat)
