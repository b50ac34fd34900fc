/* Fault: the last object of a page comes again as the first of the next. */
#include "broken.h"

struct twice {
  const streamd_list_sink* sink;
  int count;
};

static streamd_code item(void* context, const char* key, const streamd_object* object) {
  struct twice* twice = context;
  const streamd_code code = twice->sink->item(twice->sink->ctx, key, object);
  if (code != STREAMD_OK || ++twice->count % 10 != 0) return code;
  return twice->sink->item(twice->sink->ctx, key, object);
}

static streamd_code list(void* instance, const streamd_call* call, const streamd_list* request,
                         const streamd_list_sink* sink) {
  struct twice twice = {sink, 0};
  const streamd_list_sink doubled = {&twice, item};
  return memory_list(instance, call, request, &doubled);
}

BROKEN_DRIVER(list, list)
