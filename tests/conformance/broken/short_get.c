/* Fault: a range past the end gives what there is and says ok, as many stores do. */
#include "broken.h"

static streamd_code get(void* instance, const streamd_call* call, const streamd_get* request,
                        const streamd_sink* sink, streamd_object* out) {
  streamd_get fitting = *request;
  const streamd_code code = memory_stat(instance, call, request->key, out);
  if (code != STREAMD_OK) return code;
  if (fitting.offset > out->size) fitting.offset = out->size;
  if (fitting.length > out->size - fitting.offset) fitting.length = STREAMD_TO_THE_END;
  return memory_get(instance, call, &fitting, sink, out);
}

BROKEN_DRIVER(get, get)
