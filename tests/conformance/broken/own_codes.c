/* Fault: what a sink returns comes back as the driver's own idea of it. */
#include "broken.h"

static streamd_code get(void* instance, const streamd_call* call, const streamd_get* request,
                        const streamd_sink* sink, streamd_object* out) {
  const streamd_code code = memory_get(instance, call, request, sink, out);
  return code > STREAMD_INTERNAL || code < 0 ? STREAMD_INTERNAL : code;
}

static streamd_code list(void* instance, const streamd_call* call, const streamd_list* request,
                         const streamd_list_sink* sink) {
  const streamd_code code = memory_list(instance, call, request, sink);
  return code > STREAMD_INTERNAL ? STREAMD_INTERNAL : code;
}

BROKEN_DRIVER(get, get; driver.list = list)
