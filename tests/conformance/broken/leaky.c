/* Fault: every put opens a file that children inherit, and never closes it. */
#include <fcntl.h>

#include "broken.h"

static streamd_code put(void* instance, const streamd_call* call, const streamd_put* request,
                        const streamd_source* source, streamd_object* out) {
  if (open("/dev/null", O_RDONLY) < 0) return STREAMD_TRANSIENT;
  return memory_put(instance, call, request, source, out);
}

BROKEN_DRIVER(put, put)
