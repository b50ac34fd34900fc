/* Fault: says that its list is ordered, and gives every second object before its predecessor. */
#include <stdlib.h>
#include <string.h>

#include "broken.h"

struct swap {
  const streamd_list_sink* sink;
  char* held;
  streamd_object object;
};

static streamd_code item(void* context, const char* key, const streamd_object* object) {
  struct swap* swap = context;
  if (swap->held == NULL) {
    swap->held = strdup(key);
    swap->object = *object;
    return STREAMD_OK;
  }
  streamd_code code = swap->sink->item(swap->sink->ctx, key, object);
  if (code == STREAMD_OK) code = swap->sink->item(swap->sink->ctx, swap->held, &swap->object);
  free(swap->held);
  swap->held = NULL;
  return code;
}

static streamd_code list(void* instance, const streamd_call* call, const streamd_list* request,
                         const streamd_list_sink* sink) {
  struct swap swap = {.sink = sink};
  const streamd_list_sink swapped = {&swap, item};
  streamd_code code = memory_list(instance, call, request, &swapped);
  if (code == STREAMD_OK && swap.held != NULL)
    code = sink->item(sink->ctx, swap.held, &swap.object);
  free(swap.held);
  return code;
}

BROKEN_DRIVER(list, list)
