/* Fault: an object grows while it is uploaded, so that readers see a part of it. */
#include <stdlib.h>

#include "broken.h"

struct part {
  const unsigned char* bytes;
};

static int64_t read_part(void* context, uint64_t offset, void* to, size_t cap) {
  const struct part* part = context;
  for (size_t i = 0; i < cap; ++i) ((unsigned char*)to)[i] = part->bytes[offset + i];
  return (int64_t)cap;
}

static streamd_code put(void* instance, const streamd_call* call, const streamd_put* request,
                        const streamd_source* source, streamd_object* out) {
  unsigned char* bytes = malloc((size_t)source->size + 1);
  struct part part = {bytes};
  uint64_t have = 0;
  if (bytes == NULL) return STREAMD_TRANSIENT;
  streamd_code code = STREAMD_OK;
  do {
    const int64_t n = have == source->size ? 0
                                           : source->read_at(source->ctx, have, bytes + have,
                                                             (size_t)(source->size - have));
    if (n < 0) {
      code = (streamd_code)-n;
      break;
    }
    have += (uint64_t)n;
    const streamd_source grown = {sizeof grown, 0, &part, have, read_part};
    code = memory_put(instance, call, request, &grown, out);
  } while (code == STREAMD_OK && have < source->size);
  free(bytes);
  return code;
}

BROKEN_DRIVER(put, put)
