/* A storage driver as a stranger writes it: plain C, one file, nothing but the SDK's header:
 *
 *     cc -shared -fPIC folder.c -o libstreamd-folder.so
 *
 * All objects lie in one folder; a file's name is its key in hexadecimal, cut into folders of at
 * most 100 bytes of key. */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <streamd/driver.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define PIECE 100      /* bytes of a key in one file name */
#define NAME_SIZE 2048 /* of a key in hexadecimal with its slashes */
#define CHUNK 65536

struct store {
  char root[PATH_MAX - NAME_SIZE - 64];
};

struct timer {
  const streamd_call* call;
  struct timespec began;
};

static struct timer start(const streamd_call* call) {
  struct timer timer = {call, {0, 0}};
  clock_gettime(CLOCK_MONOTONIC, &timer.began);
  return timer;
}

static streamd_code fail(const streamd_call* call, streamd_code code, const char* what,
                         const char* why) {
  snprintf(call->error->message, sizeof call->error->message, "cannot %s: %s", what, why);
  return code;
}

static streamd_code fail_errno(const streamd_call* call, const char* what) {
  const int error = errno;
  return fail(
      call,
      error == EACCES || error == EPERM || error == EROFS ? STREAMD_PERMISSION : STREAMD_TRANSIENT,
      what, strerror(error));
}

static streamd_code check(const struct timer* timer) {
  const streamd_call* call = timer->call;
  struct timespec now;
  if (call->cancelled(call->ctx)) return fail(call, STREAMD_CANCELLED, "go on", "cancelled");
  clock_gettime(CLOCK_MONOTONIC, &now);
  const int64_t ms = (now.tv_sec - timer->began.tv_sec) * (int64_t)1000 +
                     (now.tv_nsec - timer->began.tv_nsec) / 1000000;
  if (call->timeout_ms != 0 && ms >= call->timeout_ms)
    return fail(call, STREAMD_TIMEOUT, "go on", "the time is up");
  return STREAMD_OK;
}

/* "6b6579": folders of PIECE bytes end in '+', the last piece is the file. */
static void path_of(const struct store* store, const char* key, char* path, size_t size,
                    int make_folders) {
  int at = snprintf(path, size, "%s/", store->root);
  for (size_t i = 0; key[i] != '\0'; ++i) {
    if (i != 0 && i % PIECE == 0) {
      at += snprintf(path + at, size - (size_t)at, "+");
      if (make_folders) mkdir(path, 0700);
      at += snprintf(path + at, size - (size_t)at, "/");
    }
    at += snprintf(path + at, size - (size_t)at, "%02x", (unsigned char)key[i]);
  }
}

static void describe(const struct stat* found, streamd_object* out) {
  streamd_object object = {.size = (uint64_t)found->st_size};
  object.mtime_ns = (int64_t)found->st_mtim.tv_sec * 1000000000 + found->st_mtim.tv_nsec;
  object.struct_size = out->struct_size;
  memcpy(out, &object, out->struct_size < sizeof object ? out->struct_size : sizeof object);
}

static streamd_code folder_open(const streamd_kv* options, size_t count, const streamd_call* call,
                                void** instance) {
  struct store* store = calloc(1, sizeof *store);
  if (store == NULL) return fail(call, STREAMD_TRANSIENT, "open the store", "out of memory");
  for (size_t i = 0; i < count; ++i) {
    if (strcmp(options[i].key, "path") != 0) continue;
    if (strlen(options[i].value) >= sizeof store->root) {
      free(store);
      return fail(call, STREAMD_INVALID_CONFIG, "use path", "it is too long");
    }
    strcpy(store->root, options[i].value);
  }
  *instance = store;
  return STREAMD_OK;
}

static void folder_close(void* instance) {
  free(instance);
}

static streamd_code folder_probe(void* instance, const streamd_call* call, streamd_caps* out) {
  (void)instance;
  streamd_caps caps = {.flags = STREAMD_CAP_IF_ABSENT | STREAMD_CAP_STRONG_LIST,
                       .max_concurrency = 8};
  const struct timer timer = start(call);
  caps.struct_size = out->struct_size;
  memcpy(out, &caps, out->struct_size < sizeof caps ? out->struct_size : sizeof caps);
  return check(&timer);
}

static streamd_code copy_in(const struct timer* timer, const streamd_source* source, int fd) {
  char chunk[CHUNK];
  for (uint64_t offset = 0; offset < source->size;) {
    const streamd_code code = check(timer);
    if (code != STREAMD_OK) return code;
    const int64_t n = source->read_at(source->ctx, offset, chunk, sizeof chunk);
    if (n < 0) return (streamd_code)-n;
    for (int64_t done = 0; done < n;) {
      const ssize_t written = write(fd, chunk + done, (size_t)(n - done));
      if (written < 0) return fail_errno(timer->call, "write an object");
      done += written;
    }
    offset += (uint64_t)n;
  }
  return fsync(fd) == 0 ? check(timer) : fail_errno(timer->call, "write an object");
}

static streamd_code publish(const struct timer* timer, const char* from, const char* to,
                            int if_absent) {
  if (!if_absent)
    return rename(from, to) == 0 ? STREAMD_OK : fail_errno(timer->call, "store an object");
  if (link(from, to) == 0) return STREAMD_OK;
  if (errno == EEXIST) return fail(timer->call, STREAMD_EXISTS, "store an object", "it exists");
  return fail_errno(timer->call, "store an object");
}

static streamd_code folder_put(void* instance, const streamd_call* call, const streamd_put* request,
                               const streamd_source* source, streamd_object* out) {
  const struct store* store = instance;
  const struct timer timer = start(call);
  char path[PATH_MAX], temporary[PATH_MAX];
  struct stat written;
  if ((request->flags & ~STREAMD_PUT_IF_ABSENT) != 0)
    return fail(call, STREAMD_UNSUPPORTED, "store an object", "unknown flags");
  streamd_code code = check(&timer);
  if (code != STREAMD_OK) return code;
  mkdir(store->root, 0700);
  path_of(store, request->key, path, sizeof path, 1);
  snprintf(temporary, sizeof temporary, "%s/new-XXXXXX", store->root);
  const int fd = mkostemp(temporary, O_CLOEXEC);
  if (fd < 0) return fail_errno(call, "make a file");
  code = copy_in(&timer, source, fd);
  if (code == STREAMD_OK)
    code = publish(&timer, temporary, path, (request->flags & STREAMD_PUT_IF_ABSENT) != 0);
  if (code == STREAMD_OK && fstat(fd, &written) == 0) describe(&written, out);
  unlink(temporary);
  close(fd);
  return code;
}

static streamd_code send(const struct timer* timer, int fd, uint64_t offset, uint64_t length,
                         const streamd_sink* sink) {
  char chunk[CHUNK];
  while (length > 0) {
    streamd_code code = check(timer);
    if (code != STREAMD_OK) return code;
    const ssize_t n = pread(fd, chunk, length < CHUNK ? (size_t)length : CHUNK, (off_t)offset);
    if (n < 0) return fail_errno(timer->call, "read an object");
    if (n == 0) return fail(timer->call, STREAMD_CORRUPT, "read an object", "it became shorter");
    code = sink->write(sink->ctx, chunk, (size_t)n);
    if (code != STREAMD_OK) return code;
    offset += (uint64_t)n;
    length -= (uint64_t)n;
  }
  return STREAMD_OK;
}

static streamd_code folder_get(void* instance, const streamd_call* call, const streamd_get* request,
                               const streamd_sink* sink, streamd_object* out) {
  const struct timer timer = start(call);
  char path[PATH_MAX];
  struct stat found;
  streamd_code code = check(&timer);
  if (code != STREAMD_OK) return code;
  path_of(instance, request->key, path, sizeof path, 0);
  const int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0)
    return errno == ENOENT ? fail(call, STREAMD_NOT_FOUND, "read an object", "there is none")
                           : fail_errno(call, "read an object");
  if (fstat(fd, &found) != 0) {
    code = fail_errno(call, "read an object");
  } else {
    const uint64_t size = (uint64_t)found.st_size;
    const uint64_t there = request->offset <= size ? size - request->offset : 0;
    const uint64_t length = request->length == STREAMD_TO_THE_END ? there : request->length;
    describe(&found, out);
    code = request->offset > size || length > there
               ? fail(call, STREAMD_CORRUPT, "read an object", "it is shorter than asked for")
               : send(&timer, fd, request->offset, length, sink);
  }
  close(fd);
  return code;
}

static streamd_code folder_stat(void* instance, const streamd_call* call, const char* key,
                                streamd_object* out) {
  const struct timer timer = start(call);
  char path[PATH_MAX];
  struct stat found;
  const streamd_code code = check(&timer);
  if (code != STREAMD_OK) return code;
  path_of(instance, key, path, sizeof path, 0);
  if (stat(path, &found) != 0)
    return errno == ENOENT ? fail(call, STREAMD_NOT_FOUND, "look at an object", "there is none")
                           : fail_errno(call, "look at an object");
  describe(&found, out);
  return STREAMD_OK;
}

/* Appends the bytes of a name in hexadecimal to the key; 0 = not one of ours. */
static int decode(const char* name, char* key) {
  size_t at = strlen(key);
  for (; name[0] != '\0' && name[0] != '+'; name += 2) {
    unsigned byte;
    if (sscanf(name, "%2x", &byte) != 1 || name[1] == '\0' || at >= STREAMD_KEY_MAX) return 0;
    key[at++] = (char)byte;
  }
  key[at] = '\0';
  return 1;
}

static streamd_code list_folder(const struct timer* timer, const char* folder, const char* base,
                                const char* prefix, const streamd_list_sink* sink) {
  DIR* listing = opendir(folder);
  streamd_code code = STREAMD_OK;
  if (listing == NULL)
    return errno == ENOENT ? STREAMD_OK : fail_errno(timer->call, "list the store");
  for (struct dirent* entry; code == STREAMD_OK && (entry = readdir(listing)) != NULL;) {
    char key[STREAMD_KEY_MAX + 2], path[PATH_MAX];
    struct stat found;
    streamd_object object = {.struct_size = sizeof object};
    strcpy(key, base);
    if (entry->d_name[0] == '.' || strncmp(entry->d_name, "new-", 4) == 0 ||
        !decode(entry->d_name, key))
      continue;
    if (snprintf(path, sizeof path, "%s/%s", folder, entry->d_name) >= (int)sizeof path) continue;
    code = check(timer);
    if (code != STREAMD_OK || stat(path, &found) != 0) continue;
    if (S_ISDIR(found.st_mode)) {
      code = list_folder(timer, path, key, prefix, sink);
    } else if (strncmp(key, prefix, strlen(prefix)) == 0) {
      describe(&found, &object);
      code = sink->item(sink->ctx, key, &object);
    }
  }
  closedir(listing);
  return code;
}

static streamd_code folder_list(void* instance, const streamd_call* call,
                                const streamd_list* request, const streamd_list_sink* sink) {
  const struct store* store = instance;
  const struct timer timer = start(call);
  if (request->start_after[0] != '\0')
    return fail(call, STREAMD_UNSUPPORTED, "list the store", "the list has no order");
  const streamd_code code = check(&timer);
  return code == STREAMD_OK ? list_folder(&timer, store->root, "", request->prefix, sink) : code;
}

static streamd_code folder_remove(void* instance, const streamd_call* call, const char* const* keys,
                                  size_t count, streamd_code* each) {
  const struct timer timer = start(call);
  streamd_code first = STREAMD_OK;
  for (size_t i = 0; i < count; ++i) {
    char path[PATH_MAX];
    streamd_code code = check(&timer);
    path_of(instance, keys[i], path, sizeof path, 0);
    if (code == STREAMD_OK && unlink(path) != 0 && errno != ENOENT)
      code = fail_errno(call, "remove an object");
    if (each != NULL) each[i] = code;
    if (first == STREAMD_OK) first = code;
  }
  return first;
}

static const streamd_option options[] = {
    {"path", "path", NULL, "the folder for the objects", STREAMD_OPTION_REQUIRED, 0},
    {NULL, NULL, NULL, NULL, 0, 0}};

static const streamd_driver driver = {sizeof(streamd_driver),
                                      0,
                                      "folder",
                                      "0.1",
                                      "one folder, file names in hexadecimal",
                                      options,
                                      folder_open,
                                      folder_close,
                                      folder_probe,
                                      folder_put,
                                      folder_get,
                                      folder_stat,
                                      folder_list,
                                      folder_remove,
                                      NULL};

const streamd_driver* streamd_driver_v1(const streamd_host* host) {
  (void)host;
  return &driver;
}
