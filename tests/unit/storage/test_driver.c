/* A driver in memory, in plain C, whose option `mode` makes it misbehave in one way each. The
 * VARIANT_ macros make builds that a host has to refuse. */
#include <stdio.h>
#include <stdlib.h>
#include <streamd/driver.h>
#include <string.h>

#define OBJECTS 64
#define CONTENT 4096

struct object {
  char key[1000];
  unsigned char bytes[CONTENT];
  size_t size;
};
struct instance {
  char mode[32];
  int batch;
  struct object* objects[OBJECTS]; /* sorted by key; NULL from the end on */
};

static const streamd_option options[] = {{"mode", "string", "", "how to misbehave", 0, 0},
                                         {"batch", "int", "2", "keys removed at once", 0, 0},
                                         {"token", "string", NULL, "the credential", 3, 0},
                                         {NULL, NULL, NULL, NULL, 0, 0}};

static int mode_is(const struct instance* self, const char* mode) {
  return strcmp(self->mode, mode) == 0;
}

static streamd_code fail(const streamd_call* call, streamd_code code, const char* message) {
  strncpy(call->error->message, message, sizeof call->error->message - 1);
  return code;
}

static struct object* find(struct instance* self, const char* key) {
  for (int i = 0; i < OBJECTS && self->objects[i] != NULL; ++i)
    if (strcmp(self->objects[i]->key, key) == 0) return self->objects[i];
  return NULL;
}

static streamd_code driver_open(const streamd_kv* settings, size_t count, const streamd_call* call,
                                void** out) {
  struct instance* self = calloc(1, sizeof *self);
  self->batch = 2;
  for (size_t i = 0; i < count; ++i) {
    if (strcmp(settings[i].key, "mode") == 0)
      strncpy(self->mode, settings[i].value, sizeof self->mode - 1);
    if (strcmp(settings[i].key, "batch") == 0) self->batch = atoi(settings[i].value);
  }
  if (mode_is(self, "refuse")) {
    free(self);
    return fail(call, STREAMD_INVALID_CONFIG, "no such\nbucket");
  }
  call->log(call->ctx, 1, "opened");
  *out = self;
  return STREAMD_OK;
}

static void driver_close(void* instance) {
  struct instance* self = instance;
  for (int i = 0; i < OBJECTS; ++i) free(self->objects[i]);
  free(self);
}

static streamd_code driver_probe(void* instance, const streamd_call* call, streamd_caps* caps) {
  const struct instance* self = instance;
  (void)call;
  caps->flags = STREAMD_CAP_IF_ABSENT | STREAMD_CAP_ORDERED_LIST | STREAMD_CAP_STRONG_LIST;
  if (mode_is(self, "unordered")) caps->flags = 0;
  caps->max_concurrency = 3;
  caps->max_remove_batch = (uint32_t)self->batch;
  caps->max_object_size = CONTENT;
  caps->part_size = 7;
  return STREAMD_OK;
}

static streamd_code read_whole(const streamd_source* source, unsigned char* out) {
  for (uint64_t at = 0; at < source->size;) {
    const int64_t got = source->read_at(source->ctx, at, out + at, 1000);
    if (got < 0) return (streamd_code)-got;
    at += (uint64_t)got;
  }
  return STREAMD_OK;
}

static streamd_code driver_put(void* instance, const streamd_call* call, const streamd_put* put,
                               const streamd_source* source, streamd_object* out) {
  struct instance* self = instance;
  unsigned char scratch[1];
  if (mode_is(self, "read_outside"))
    return (streamd_code)-source->read_at(source->ctx, source->size, scratch, 1);
  if (mode_is(self, "throttled")) {
    call->error->http_status = 503;
    call->error->retry_after_ms = 1500;
    strcpy(call->error->provider_code, "SlowDown");
    strcpy(call->error->request_id, "4711");
    return fail(call, STREAMD_THROTTLED, "slow down");
  }
  if (mode_is(self, "other_size")) {
    out->size = source->size + 1;
    return STREAMD_OK;
  }
  struct object* object = find(self, put->key);
  if (object != NULL && (put->flags & STREAMD_PUT_IF_ABSENT) != 0) return STREAMD_EXISTS;
  struct object* fresh = calloc(1, sizeof *fresh);
  strncpy(fresh->key, put->key, sizeof fresh->key - 1);
  fresh->size = (size_t)source->size;
  const streamd_code code = read_whole(source, fresh->bytes);
  if (code != STREAMD_OK) {
    free(fresh);
    return mode_is(self, "swallow") ? STREAMD_OK : code;
  }
  if (!mode_is(self, "no_stat")) out->size = source->size;
  if (object != NULL) {
    memcpy(object, fresh, sizeof *fresh);
    free(fresh);
    return STREAMD_OK;
  }
  int at = 0;
  while (self->objects[at] != NULL && strcmp(self->objects[at]->key, put->key) < 0) ++at;
  memmove(&self->objects[at + 1], &self->objects[at],
          (size_t)(OBJECTS - at - 1) * sizeof self->objects[0]);
  self->objects[at] = fresh;
  return STREAMD_OK;
}

__attribute__((unused)) static streamd_code driver_get(void* instance, const streamd_call* call,
                                                       const streamd_get* get,
                                                       const streamd_sink* sink,
                                                       streamd_object* out) {
  struct instance* self = instance;
  const struct object* object = find(self, get->key);
  if (object == NULL) return fail(call, STREAMD_NOT_FOUND, "no such object");
  if (mode_is(self, "wait_for_cancel")) {
    while (!call->cancelled(call->ctx)) continue;
    return STREAMD_CANCELLED;
  }
  uint64_t end =
      get->length > object->size - get->offset ? object->size : get->offset + get->length;
  if (mode_is(self, "overdeliver")) end = object->size;
  if (mode_is(self, "cut")) --end;
  for (uint64_t at = get->offset; at < end; at += 3) {
    const size_t part = end - at < 3 ? (size_t)(end - at) : 3;
    const streamd_code code = sink->write(sink->ctx, object->bytes + at, part);
    if (code != STREAMD_OK && !mode_is(self, "swallow")) return code;
  }
  sink->write(sink->ctx, NULL, 0);
  if (!mode_is(self, "no_stat")) out->size = object->size;
  return STREAMD_OK;
}

static streamd_code driver_stat(void* instance, const streamd_call* call, const char* key,
                                streamd_object* out) {
  struct instance* self = instance;
  if (mode_is(self, "unknown_code")) return 77;
  if (mode_is(self, "cancelled")) return STREAMD_CANCELLED;
  const struct object* object = find(self, key);
  if (object == NULL) return fail(call, STREAMD_NOT_FOUND, "no such object");
  out->size = object->size;
  out->mtime_ns = 5;
  memset(out->etag, 'e', sizeof out->etag); /* not terminated, on purpose */
  return STREAMD_OK;
}

static streamd_code driver_list(void* instance, const streamd_call* call, const streamd_list* list,
                                const streamd_list_sink* sink) {
  struct instance* self = instance;
  streamd_object object;
  memset(&object, 0, sizeof object);
  object.struct_size = sizeof object;
  (void)call;
  if (mode_is(self, "null_key")) return sink->item(sink->ctx, NULL, &object);
  if (mode_is(self, "foreign_key")) return sink->item(sink->ctx, "elsewhere", &object);
  if (mode_is(self, "disorder")) {
    sink->item(sink->ctx, "b", &object);
    return sink->item(sink->ctx, "a", &object);
  }
  for (int i = 0; mode_is(self, "endless"); ++i) {
    char key[16];
    snprintf(key, sizeof key, "%010d", i);
    const streamd_code code = sink->item(sink->ctx, key, &object);
    if (code != STREAMD_OK) return code;
  }
  for (int i = 0; i < OBJECTS && self->objects[i] != NULL; ++i) {
    const char* key = self->objects[i]->key;
    if (strncmp(key, list->prefix, strlen(list->prefix)) != 0) continue;
    if (strcmp(key, list->start_after) <= 0) continue;
    object.size = self->objects[i]->size;
    const streamd_code code = sink->item(sink->ctx, key, &object);
    if (code != STREAMD_OK) return code;
  }
  return STREAMD_OK;
}

static streamd_code driver_remove(void* instance, const streamd_call* call, const char* const* keys,
                                  size_t count, streamd_code* each) {
  struct instance* self = instance;
  if (count > (size_t)self->batch) return fail(call, STREAMD_INTERNAL, "too many keys at once");
  if (mode_is(self, "remove_fails")) {
    each[count - 1] = STREAMD_PERMISSION;
    return STREAMD_OK; /* the summary lies */
  }
  if (mode_is(self, "remove_fails_whole")) return fail(call, STREAMD_AUTH, "who are you");
  for (size_t k = 0; k < count; ++k) {
    int at = 0;
    while (at < OBJECTS && self->objects[at] != NULL &&
           strcmp(self->objects[at]->key, keys[k]) != 0)
      ++at;
    if (at == OBJECTS || self->objects[at] == NULL) {
      each[k] = STREAMD_NOT_FOUND;
      continue;
    }
    free(self->objects[at]);
    memmove(&self->objects[at], &self->objects[at + 1],
            (size_t)(OBJECTS - at - 1) * sizeof self->objects[0]);
    self->objects[OBJECTS - 1] = NULL;
  }
  return mode_is(self, "missing_is_not_found") ? STREAMD_NOT_FOUND : STREAMD_OK;
}

struct larger_driver { /* of an SDK newer than the host */
  streamd_driver known;
  void* newer[4];
};

#if defined(VARIANT_NO_NAME)
#define NAME NULL
#elif defined(VARIANT_BAD_NAME)
#define NAME "Upper Case"
#elif defined(VARIANT_MISNAMED)
#define NAME "another"
#else
#define NAME "test"
#endif

#if defined(VARIANT_NO_GET)
#define GET NULL
#else
#define GET driver_get
#endif

#if defined(VARIANT_SMALL) /* an SDK from before `put` */
#define SIZE offsetof(streamd_driver, put)
#elif defined(VARIANT_LARGE)
#define SIZE sizeof(struct larger_driver)
#else
#define SIZE sizeof(streamd_driver)
#endif

static const struct larger_driver driver = {
    {SIZE, 0, NAME, "1.2.3", "objects in memory", options, driver_open, driver_close, driver_probe,
     driver_put, GET, driver_stat, driver_list, driver_remove, NULL},
    {NULL, NULL, NULL, NULL}};

#if defined(VARIANT_NO_ENTRY)
__attribute__((visibility("default"))) const void* another_symbol(void);
const void* another_symbol(void) {
  return &driver;
}
#else
const streamd_driver* streamd_driver_v1(const streamd_host* host) {
#if defined(VARIANT_DECLINES)
  (void)host;
  (void)driver;
  return NULL;
#else
  if (!STREAMD_HAS(host, extension) || strcmp(host->name, "streamd") != 0 ||
      host->version[0] == '\0' || host->extension("streamd.unheard-of/1") != NULL)
    return NULL;
  return &driver.known;
#endif
}
#endif
