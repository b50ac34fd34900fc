/* Fault: IF_ABSENT looks first and stores later. */
#include <time.h>

#include "broken.h"

static streamd_code put(void* instance, const streamd_call* call, const streamd_put* request,
                        const streamd_source* source, streamd_object* out) {
  streamd_put plain = *request;
  if ((request->flags & STREAMD_PUT_IF_ABSENT) != 0 &&
      memory_stat(instance, call, request->key, out) == STREAMD_OK)
    return STREAMD_EXISTS;
  const struct timespec pause = {0, 20000000};
  if ((request->flags & STREAMD_PUT_IF_ABSENT) != 0) nanosleep(&pause, NULL);
  plain.flags &= ~STREAMD_PUT_IF_ABSENT;
  return memory_put(instance, call, &plain, source, out);
}

BROKEN_DRIVER(put, put)
