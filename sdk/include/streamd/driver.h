/* <streamd/driver.h> -- the only header between the engine ("host") and a storage driver (one .so).
 * Version  MAJOR is in the symbol name, MINOR is in struct_size, experiments are extension ids.
 *          Promise: a driver built against any 1.x loads in every host 1.y, older or newer,
 *          unless it declines (its entry returns NULL).
 * Memory   Nothing allocated on one side is freed on the other. A pointer given to a call is
 *          borrowed until that call returns; copy what must live longer.
 * Strings  UTF-8, NUL-terminated, never NULL unless said so. Keys: '/'-separated, 1..900 bytes.
 * Threads  open: one at a time in the process; no network in it, back within 100 ms. close: alone on its instance. All else: any
 *          thread, concurrently, at most caps.max_concurrency at a time (the host counts).
 *          Callbacks run on the calling thread, before the call returns. No thread of the driver
 *          outlives close().
 * Retries  belong to the host. A driver may refresh a token or reconnect once, and only before a
 *          byte was delivered; then it reports what happened.
 * C++      No exception, longjmp or signal handler crosses this boundary.                       */
#ifndef STREAMD_DRIVER_H
#define STREAMD_DRIVER_H
#include <stddef.h>
#include <stdint.h>
#ifdef __cplusplus
extern "C" {
#endif
/* Does the other side's struct reach member m? The only legal test for a member newer than 1.0. */
#define STREAMD_HAS(p, m) ((p)->struct_size >= offsetof(__typeof__(*(p)), m) + sizeof((p)->m))

typedef int32_t streamd_code; /* not an enum: fixed size; the host reads an unknown value as INTERNAL */
enum {
  STREAMD_OK = 0,
  STREAMD_NOT_FOUND = 1,      /* get, stat: no such object. A missing bucket is INVALID_CONFIG */
  STREAMD_EXISTS = 2,         /* put with IF_ABSENT met an object */
  STREAMD_AUTH = 3,           /* credentials missing, wrong or expired */
  STREAMD_PERMISSION = 4,     /* credentials accepted, action refused */
  STREAMD_THROTTLED = 5,      /* slow down; see retry_after_ms */
  STREAMD_TRANSIENT = 6,      /* a retry may help. After put/remove the outcome is UNKNOWN */
  STREAMD_TIMEOUT = 7,        /* timeout_ms passed; outcome as for TRANSIENT */
  STREAMD_CANCELLED = 8,      /* cancelled() said so */
  STREAMD_INVALID_CONFIG = 9, /* open: bad option, endpoint or bucket */
  STREAMD_CORRUPT = 10,       /* checksum mismatch, or object shorter than the range asked for */
  STREAMD_UNSUPPORTED = 11,   /* capability absent; returned before any effect */
  STREAMD_INTERNAL = 12       /* a bug in the driver */
};
typedef struct streamd_error { /* host-owned and zeroed; the driver fills what it knows */
  uint32_t struct_size;
  int32_t http_status;      /* 0 = none */
  int64_t retry_after_ms;   /* 0 = not said */
  char provider_code[64];   /* "SlowDown", "expired_auth_token" */
  char request_id[96];      /* what the provider's support will ask for */
  char message[320];        /* one line, lower case, no secret, no final period */
} streamd_error;

typedef struct streamd_call {  /* travels with every operation */
  uint32_t struct_size;
  uint32_t timeout_ms;      /* for the whole call; 0 = none */
  uint32_t idle_timeout_ms;        /* no byte moved for this long: STREAMD_TIMEOUT; 0 = none */
  uint32_t reserved;
  void *ctx;
  int (*cancelled)(void *ctx);                        /* poll at least every 250 ms */
  void (*log)(void *ctx, int level, const char *msg); /* 0 trace 1 debug 2 info 3 warn 4 error */
  streamd_error *error;
} streamd_call;

typedef struct streamd_source {                       /* bytes to store */
  uint32_t struct_size, reserved;
  void *ctx;
  uint64_t size;                                      /* exact, always known */
  /* n > 0 bytes from offset, again and again for any offset, on the calling thread; < 0: -streamd_code */
  int64_t (*read_at)(void *ctx, uint64_t offset, void *buf, size_t cap);
} streamd_source;
typedef struct streamd_sink { /* OK = go on; anything else: stop and return that code unchanged */
  void *ctx;
  streamd_code (*write)(void *ctx, const void *data, size_t len);
} streamd_sink;
typedef struct streamd_object { /* caller sets struct_size, driver fills the rest */
  uint32_t struct_size, reserved;
  uint64_t size;            /* bytes */
  int64_t mtime_ns;         /* Unix time by the store's clock; precision may be 1 s */
  char etag[80];            /* opaque; "" = none */
} streamd_object;
typedef struct streamd_list_sink {                       /* as streamd_sink, one object at a time */
  void *ctx;
  streamd_code (*item)(void *ctx, const char *key, const streamd_object *obj);
} streamd_list_sink;

typedef struct streamd_put {
  uint32_t struct_size, flags; /* STREAMD_PUT_* */
  const char *key;
  const uint8_t *sha256;    /* 32 bytes over the whole body, or NULL; spares the driver a pass */
} streamd_put;
#define STREAMD_PUT_IF_ABSENT 1u
typedef struct streamd_get { uint32_t struct_size, flags; const char *key;
  uint64_t offset, length;  /* length UINT64_MAX = to the end */
} streamd_get;
typedef struct streamd_list { uint32_t struct_size, page_hint; const char *prefix;
  const char *start_after;  /* exclusive; "" = from the first */
} streamd_list;

typedef struct streamd_caps {  /* of one instance: endpoints differ under one driver */
  uint32_t struct_size, max_concurrency; /* 0 = no limit */
  uint64_t flags, max_object_size, part_size; /* STREAMD_CAP_*, bytes, bytes */
  uint32_t max_remove_batch, reserved;
} streamd_caps;
#define STREAMD_CAP_IF_ABSENT 1u    /* IF_ABSENT is atomic at the server */
#define STREAMD_CAP_ORDERED_LIST 2u  /* ascending byte order, start_after honoured; else any order, start_after is "" */
#define STREAMD_CAP_STRONG_LIST 4u  /* list shows every put that returned OK before list began */

typedef struct streamd_option { /* schema: host checks, documents, redacts. Ends at name NULL; frozen */
  const char *name, *type, *def, *help; /* type: string int bool size duration path */
  uint32_t flags, reserved; /* 1 required, 2 secret */
} streamd_option;
typedef struct streamd_kv { const char *key, *value; } streamd_kv; /* after ${ENV}; frozen */
typedef struct streamd_host { uint32_t struct_size, reserved; const char *name, *version;
  const void *(*extension)(const char *id); /* "streamd.metrics/1"; NULL = not offered */
} streamd_host;

typedef struct streamd_driver {
  uint32_t struct_size, reserved; /* sizeof as compiled; the host copies min(theirs, ours) */
  const char *name, *version, *summary; /* name [a-z0-9_]+ = `driver` in the config */
  const streamd_option *options;
  streamd_code (*open)(const streamd_kv *, size_t n, const streamd_call *, void **instance);
  void (*close)(void *instance);
  streamd_code (*probe)(void *instance, const streamd_call *, streamd_caps *out); /* finds out what this endpoint can do */
  /* whole or nothing: a reader sees the old object, the new object, or none -- never a part */
  streamd_code (*put)(void *, const streamd_call *, const streamd_put *, const streamd_source *, streamd_object *);
  streamd_code (*get)(void *, const streamd_call *, const streamd_get *, const streamd_sink *, streamd_object *);
  streamd_code (*stat)(void *, const streamd_call *, const char *key, streamd_object *);
  /* each key once; order as the capability says */
  streamd_code (*list)(void *, const streamd_call *, const streamd_list *, const streamd_list_sink *);
  /* a missing key is OK; each (n codes, may be NULL) per key; returns the first that is not OK */
  streamd_code (*remove)(void *, const streamd_call *, const char *const *keys, size_t n, streamd_code *each);
  const void *(*extension)(const char *id); /* may be NULL */
} streamd_driver;              /* 1.x only ever appends below this line */

/* The one exported symbol. host outlives the library. NULL = this host is too old for me. */
typedef const streamd_driver *(*streamd_driver_v1_fn)(const streamd_host *host);
__attribute__((visibility("default"))) const streamd_driver *streamd_driver_v1(const streamd_host *host);
#ifdef __cplusplus
}
#endif
#endif
