/* The memory driver: objects in the memory of the process, for tests only. Plain C11, so that it
 * also shows what the ABI asks of a C driver. Instances with the same `store` share their objects,
 * which live as long as the library. Options change its behaviour, to try hosts with. */
#include "memory.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct object {
  char* key;
  unsigned char* data;
  uint64_t size;
  int64_t mtime_ns;
};

struct store {
  struct store* next;
  char* name;
  struct object* objects; /* sorted by key */
  size_t count, capacity;
};

struct instance {
  struct store* store;
  long latency_ms;
  size_t max_remove_batch;
  int unordered;
  int if_absent;
};

/* Guards all stores. Held for short: never while a callback runs. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct store* stores;

static int64_t clock_ns(clockid_t id) {
  struct timespec t;
  clock_gettime(id, &t);
  return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

__attribute__((format(printf, 3, 4))) static streamd_code fail(const streamd_call* call,
                                                               streamd_code code,
                                                               const char* format, ...) {
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(call->error->message, sizeof call->error->message, format, arguments);
  va_end(arguments);
  return code;
}

static streamd_code check(const streamd_call* call, int64_t began_ns) {
  if (call->cancelled(call->ctx)) return fail(call, STREAMD_CANCELLED, "cancelled");
  if (call->timeout_ms != 0 &&
      clock_ns(CLOCK_MONOTONIC) - began_ns >= (int64_t)call->timeout_ms * 1000000)
    return fail(call, STREAMD_TIMEOUT, "not done after %u ms", call->timeout_ms);
  return STREAMD_OK;
}

/* Begins every operation: waits for the latency in small steps. */
static streamd_code enter(const struct instance* self, const streamd_call* call,
                          int64_t* began_ns) {
  *began_ns = clock_ns(CLOCK_MONOTONIC);
  const int64_t until = *began_ns + self->latency_ms * 1000000;
  for (;;) {
    const streamd_code code = check(call, *began_ns);
    const int64_t left = until - clock_ns(CLOCK_MONOTONIC);
    if (code != STREAMD_OK || left <= 0) return code;
    const struct timespec pause = {0, (long)(left < 10000000 ? left : 10000000)};
    nanosleep(&pause, NULL);
  }
}

/* The index of the first object whose key is not below. */
static size_t lower_bound(const struct store* store, const char* key) {
  size_t low = 0, high = store->count;
  while (low < high) {
    const size_t middle = low + (high - low) / 2;
    if (strcmp(store->objects[middle].key, key) < 0)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

static struct object* find(const struct store* store, const char* key) {
  const size_t at = lower_bound(store, key);
  return at < store->count && strcmp(store->objects[at].key, key) == 0 ? &store->objects[at] : NULL;
}

static void describe(const struct object* object, streamd_object* out) {
  streamd_object found = {.size = object->size, .mtime_ns = object->mtime_ns};
  found.struct_size = out->struct_size;
  memcpy(out, &found, out->struct_size < sizeof found ? out->struct_size : sizeof found);
}

static struct store* named_store(const char* name) {
  for (struct store* s = stores; s != NULL; s = s->next)
    if (strcmp(s->name, name) == 0) return s;
  struct store* made = calloc(1, sizeof *made);
  if (made == NULL) return NULL;
  made->name = strdup(name);
  if (made->name == NULL) {
    free(made);
    return NULL;
  }
  made->next = stores;
  stores = made;
  return made;
}

streamd_code memory_open(const streamd_kv* options, size_t count, const streamd_call* call,
                         void** instance) {
  const char* name = "default";
  struct instance* self = calloc(1, sizeof *self);
  if (self == NULL) return fail(call, STREAMD_TRANSIENT, "out of memory");
  self->if_absent = 1;
  for (size_t i = 0; i < count; ++i) {
    const char* value = options[i].value;
    if (strcmp(options[i].key, "store") == 0) name = value;
    if (strcmp(options[i].key, "latency") == 0) self->latency_ms = atol(value);
    if (strcmp(options[i].key, "max-remove-batch") == 0)
      self->max_remove_batch = (size_t)atol(value);
    if (strcmp(options[i].key, "unordered") == 0) self->unordered = strcmp(value, "true") == 0;
    if (strcmp(options[i].key, "if-absent") == 0) self->if_absent = strcmp(value, "true") == 0;
  }
  pthread_mutex_lock(&lock);
  self->store = named_store(name);
  pthread_mutex_unlock(&lock);
  if (self->store == NULL) {
    free(self);
    return fail(call, STREAMD_TRANSIENT, "out of memory");
  }
  *instance = self;
  return STREAMD_OK;
}

void memory_close(void* instance) {
  free(instance);
}

streamd_code memory_probe(void* instance, const streamd_call* call, streamd_caps* out) {
  const struct instance* self = instance;
  streamd_caps caps = {.flags = STREAMD_CAP_STRONG_LIST};
  int64_t began;
  const streamd_code code = enter(self, call, &began);
  if (code != STREAMD_OK) return code;
  if (!self->unordered) caps.flags |= STREAMD_CAP_ORDERED_LIST;
  if (self->if_absent) caps.flags |= STREAMD_CAP_IF_ABSENT;
  caps.max_remove_batch = (uint32_t)self->max_remove_batch;
  caps.struct_size = out->struct_size;
  memcpy(out, &caps, out->struct_size < sizeof caps ? out->struct_size : sizeof caps);
  return STREAMD_OK;
}

/* Reads the whole source into *data. */
static streamd_code read_all(const streamd_call* call, int64_t began, const streamd_source* source,
                             unsigned char** data) {
  *data = malloc(source->size == 0 ? 1 : (size_t)source->size);
  if (*data == NULL) return fail(call, STREAMD_TRANSIENT, "out of memory");
  for (uint64_t offset = 0; offset < source->size;) {
    const uint64_t left = source->size - offset;
    const size_t want = left < 65536 ? (size_t)left : 65536;
    const streamd_code code = check(call, began);
    const int64_t got =
        code == STREAMD_OK ? source->read_at(source->ctx, offset, *data + offset, want) : -code;
    if (got <= 0) {
      free(*data);
      *data = NULL;
      if (code != STREAMD_OK) return code;
      return fail(call, got < 0 ? (streamd_code)-got : STREAMD_INTERNAL, "the source failed");
    }
    offset += (uint64_t)got;
  }
  const streamd_code code = check(call, began);
  if (code != STREAMD_OK) {
    free(*data);
    *data = NULL;
  }
  return code;
}

/* Puts the bytes under the key and takes them over; 0 when out of memory. */
static int keep(struct store* store, const char* key, unsigned char* data, uint64_t size) {
  struct object* object = find(store, key);
  if (object == NULL) {
    const size_t at = lower_bound(store, key);
    if (store->count == store->capacity) {
      const size_t capacity = store->capacity == 0 ? 16 : 2 * store->capacity;
      struct object* grown = realloc(store->objects, capacity * sizeof *grown);
      if (grown == NULL) return 0;
      store->objects = grown;
      store->capacity = capacity;
    }
    char* copy = strdup(key);
    if (copy == NULL) return 0;
    object = &store->objects[at];
    memmove(object + 1, object, (store->count - at) * sizeof *object);
    ++store->count;
    *object = (struct object){.key = copy};
  }
  free(object->data);
  object->data = data;
  object->size = size;
  object->mtime_ns = clock_ns(CLOCK_REALTIME);
  return 1;
}

streamd_code memory_put(void* instance, const streamd_call* call, const streamd_put* request,
                        const streamd_source* source, streamd_object* out) {
  const struct instance* self = instance;
  const int if_absent = (request->flags & STREAMD_PUT_IF_ABSENT) != 0;
  unsigned char* data = NULL;
  int64_t began;
  if ((request->flags & ~STREAMD_PUT_IF_ABSENT) != 0 || (if_absent && !self->if_absent))
    return fail(call, STREAMD_UNSUPPORTED, "cannot store %.200s: flags not supported",
                request->key);
  streamd_code code = enter(self, call, &began);
  if (code == STREAMD_OK) code = read_all(call, began, source, &data);
  if (code != STREAMD_OK) return code;
  pthread_mutex_lock(&lock);
  if (if_absent && find(self->store, request->key) != NULL)
    code = fail(call, STREAMD_EXISTS, "there is an object %.200s", request->key);
  else if (!keep(self->store, request->key, data, source->size))
    code = fail(call, STREAMD_TRANSIENT, "out of memory");
  else
    describe(find(self->store, request->key), out);
  pthread_mutex_unlock(&lock);
  if (code != STREAMD_OK) free(data);
  return code;
}

/* A copy of the wanted bytes, so that the sink runs without the lock. */
static streamd_code copy_range(const struct store* store, const streamd_call* call,
                               const streamd_get* request, unsigned char** data, uint64_t* length,
                               streamd_object* out) {
  const struct object* object = find(store, request->key);
  if (object == NULL) return fail(call, STREAMD_NOT_FOUND, "no object %.200s", request->key);
  if (request->offset > object->size)
    return fail(call, STREAMD_CORRUPT, "object %.200s is shorter than asked for", request->key);
  const uint64_t there = object->size - request->offset;
  *length = request->length == STREAMD_TO_THE_END ? there : request->length;
  if (*length > there)
    return fail(call, STREAMD_CORRUPT, "object %.200s is shorter than asked for", request->key);
  *data = malloc(*length == 0 ? 1 : (size_t)*length);
  if (*data == NULL) return fail(call, STREAMD_TRANSIENT, "out of memory");
  if (*length != 0) memcpy(*data, object->data + request->offset, (size_t)*length);
  describe(object, out);
  return STREAMD_OK;
}

streamd_code memory_get(void* instance, const streamd_call* call, const streamd_get* request,
                        const streamd_sink* sink, streamd_object* out) {
  const struct instance* self = instance;
  unsigned char* data = NULL;
  uint64_t length = 0;
  int64_t began;
  streamd_code code = enter(self, call, &began);
  if (code != STREAMD_OK) return code;
  pthread_mutex_lock(&lock);
  code = copy_range(self->store, call, request, &data, &length, out);
  pthread_mutex_unlock(&lock);
  for (uint64_t done = 0; code == STREAMD_OK && done < length;) {
    const size_t n = length - done < 65536 ? (size_t)(length - done) : 65536;
    code = check(call, began);
    if (code == STREAMD_OK) code = sink->write(sink->ctx, data + done, n);
    done += n;
  }
  free(data);
  return code;
}

streamd_code memory_stat(void* instance, const streamd_call* call, const char* key,
                         streamd_object* out) {
  const struct instance* self = instance;
  int64_t began;
  streamd_code code = enter(self, call, &began);
  if (code != STREAMD_OK) return code;
  pthread_mutex_lock(&lock);
  const struct object* object = find(self->store, key);
  if (object != NULL) describe(object, out);
  pthread_mutex_unlock(&lock);
  return object != NULL ? STREAMD_OK : fail(call, STREAMD_NOT_FOUND, "no object %.200s", key);
}

/* The objects with the prefix as they are now; keys and all are the caller's. 0 = out of memory. */
static int snapshot(const struct store* store, const streamd_list* request, struct object** found,
                    size_t* count) {
  const size_t prefix = strlen(request->prefix);
  const size_t first = lower_bound(store, request->prefix);
  size_t end = first;
  while (end < store->count && strncmp(store->objects[end].key, request->prefix, prefix) == 0)
    ++end;
  *count = 0;
  *found = calloc(end - first + 1, sizeof **found);
  if (*found == NULL) return 0;
  for (size_t i = first; i < end; ++i) {
    const struct object* object = &store->objects[i];
    if (strcmp(object->key, request->start_after) <= 0 && request->start_after[0] != '\0') continue;
    (*found)[*count] = *object;
    (*found)[*count].key = strdup(object->key);
    if ((*found)[(*count)++].key == NULL) return 0;
  }
  return 1;
}

streamd_code memory_list(void* instance, const streamd_call* call, const streamd_list* request,
                         const streamd_list_sink* sink) {
  const struct instance* self = instance;
  struct object* found = NULL;
  size_t count = 0;
  int64_t began;
  if (self->unordered && request->start_after[0] != '\0')
    return fail(call, STREAMD_UNSUPPORTED, "start_after needs an ordered list");
  streamd_code code = enter(self, call, &began);
  if (code != STREAMD_OK) return code;
  pthread_mutex_lock(&lock);
  if (!snapshot(self->store, request, &found, &count))
    code = fail(call, STREAMD_TRANSIENT, "out of memory");
  pthread_mutex_unlock(&lock);
  for (size_t i = 0; i < count && code == STREAMD_OK; ++i) {
    const struct object* object = &found[self->unordered ? count - 1 - i : i];
    streamd_object described = {.struct_size = sizeof described};
    describe(object, &described);
    code = sink->item(sink->ctx, object->key, &described);
    if (code == STREAMD_OK) code = check(call, began);
  }
  for (size_t i = 0; i < count; ++i) free(found[i].key);
  free(found);
  return code;
}

streamd_code memory_remove(void* instance, const streamd_call* call, const char* const* keys,
                           size_t count, streamd_code* each) {
  const struct instance* self = instance;
  int64_t began;
  streamd_code code = enter(self, call, &began);
  if (code == STREAMD_OK && self->max_remove_batch != 0 && count > self->max_remove_batch)
    code = fail(call, STREAMD_UNSUPPORTED, "cannot remove more than %zu keys at a time",
                self->max_remove_batch);
  pthread_mutex_lock(&lock);
  for (size_t i = 0; i < count; ++i) {
    if (each != NULL) each[i] = code;
    struct object* object = code == STREAMD_OK ? find(self->store, keys[i]) : NULL;
    if (object == NULL) continue;
    free(object->key);
    free(object->data);
    --self->store->count;
    memmove(object, object + 1,
            (self->store->count - (size_t)(object - self->store->objects)) * sizeof *object);
  }
  pthread_mutex_unlock(&lock);
  return code;
}
