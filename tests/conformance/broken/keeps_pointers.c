/* Fault: keeps the pointer to the last key put instead of its bytes, and stores it with the next
 * put. */
#include <stdlib.h>
#include <string.h>

#include "broken.h"

static const char* last;
static unsigned char bytes[1000000];
static size_t size;

static int64_t read_bytes(void* context, uint64_t offset, void* to, size_t cap) {
  (void)context;
  memcpy(to, bytes + offset, cap);
  return (int64_t)cap;
}

static streamd_code put(void* instance, const streamd_call* call, const streamd_put* request,
                        const streamd_source* source, streamd_object* out) {
  if (strstr(request->key, "borrowed-") == NULL)
    return memory_put(instance, call, request, source, out);
  streamd_put late = *request;
  if (last != NULL) late.key = last;
  last = request->key;
  size = (size_t)source->read_at(source->ctx, 0, bytes, sizeof bytes);
  const streamd_source copy = {sizeof copy, 0, NULL, size, read_bytes};
  return memory_put(instance, call, &late, &copy, out);
}

BROKEN_DRIVER(put, put)
