/* Fault: put looks neither at cancelled() nor at the clock. */
#include "broken.h"

static int never(void* context) {
  (void)context;
  return 0;
}

static streamd_code put(void* instance, const streamd_call* call, const streamd_put* request,
                        const streamd_source* source, streamd_object* out) {
  streamd_call deaf = *call;
  deaf.cancelled = never;
  deaf.timeout_ms = 0;
  return memory_put(instance, &deaf, request, source, out);
}

BROKEN_DRIVER(put, put)
