/* <streamd/driver.h>: all that streamd (the "host") and a storage driver (one .so) share.
 *
 * A driver is a dumb object store: keys and bytes. Names, retries, checksums, compression,
 * encryption and retention belong to the host. docs/drivers.md shows how to write one.
 *
 * Promise   A driver binary built with any 1.x SDK loads in every streamd 1.y, older or newer,
 *           unless it declines (its entry returns NULL). Members are only appended, codes keep
 *           their numbers, a member's meaning does not change. We keep the binaries of every
 *           released ABI and run them in each build. (While the version ends in "-draft" the
 *           guards run, but a change is still allowed with a line in the changelog.)
 * Version   MAJOR is in the name of the entry symbol; MINOR is in the struct_size of every struct
 *           that may grow: whoever fills a struct sets struct_size to its own sizeof, whoever reads
 *           it touches only what both know (STREAMD_HAS). Experiments are extension ids.
 * Memory    Nothing allocated on one side is freed on the other. A pointer given to a call is
 *           borrowed until that call returns; copy what must live longer. Pointers are never NULL
 *           unless their comment says so.
 * Strings   UTF-8 and NUL-terminated. A key has 1 to STREAMD_KEY_MAX bytes, any but NUL; '/' parts
 *           it by habit, yet "a", "a/b", "a//b" and "../a" are just four different keys.
 * Threads   open: one at a time in the process, no network, back within 100 ms. close: alone on its
 *           instance. All else: any thread, concurrently, at most caps.max_concurrency calls at a
 *           time per instance (the host counts). Callbacks run on the calling thread, before the
 *           call returns. No thread of the driver outlives close(), but one that waits for the
 *           name service and touches nothing of the driver afterwards; the host never unloads one.
 * Retries   belong to the host. A driver may refresh a token or reconnect once, and only before a
 *           byte was delivered; then it reports what happened.
 * Process   Descriptors are opened O_CLOEXEC. The driver changes no signal handler, locale, umask
 *           or working directory, and lives with SIGPIPE ignored as well as not ignored.
 * C++       No exception, longjmp or thread exit crosses this boundary.
 */
#ifndef STREAMD_DRIVER_H
#define STREAMD_DRIVER_H
#include <stddef.h>
#include <stdint.h>
#ifdef __cplusplus
extern "C" {
#endif

#define STREAMD_ABI_VERSION "1.0-draft"

/* Does the other side's struct *p reach member m? The only legal test for a member newer than 1.0.
 */
#define STREAMD_HAS(p, m) ((p)->struct_size >= offsetof(__typeof__(*(p)), m) + sizeof((p)->m))

/* ---- results ---------------------------------------------------------------------------------
 * What a call returns. The code decides what the host does (retry, alarm, give up); everything in
 * streamd_error is for the person who reads the log. Not an enum: its size is fixed, and the host
 * reads a value it does not know as STREAMD_INTERNAL. */
typedef int32_t streamd_code;
enum {
  STREAMD_OK = 0,
  STREAMD_NOT_FOUND = 1,      /* get, stat: no such object. A missing bucket is INVALID_CONFIG */
  STREAMD_EXISTS = 2,         /* put with IF_ABSENT met an object */
  STREAMD_AUTH = 3,           /* credentials missing, wrong or expired */
  STREAMD_PERMISSION = 4,     /* credentials accepted, action refused */
  STREAMD_THROTTLED = 5,      /* slow down; see retry_after_ms */
  STREAMD_TRANSIENT = 6,      /* a retry may help. After put and remove the outcome is UNKNOWN */
  STREAMD_TIMEOUT = 7,        /* timeout_ms or idle_timeout_ms passed; outcome as for TRANSIENT */
  STREAMD_CANCELLED = 8,      /* cancelled() said so; outcome as for TRANSIENT */
  STREAMD_INVALID_CONFIG = 9, /* bad option, endpoint or bucket: waiting does not help */
  STREAMD_CORRUPT = 10,       /* checksum mismatch, or object shorter than the range asked for */
  STREAMD_UNSUPPORTED = 11,   /* capability absent; returned before any effect */
  STREAMD_INTERNAL = 12       /* a bug in the driver */
};

/* Why a call failed. The host owns it and zeroes it before the call; the driver fills what it
 * knows. Strings end in NUL; what does not fit is cut. */
typedef struct streamd_error {
  uint32_t struct_size;   /* set by the host */
  int32_t http_status;    /* of the response that decided; 0 = none */
  int64_t retry_after_ms; /* how long the store asked us to wait; 0 = not said */
  char provider_code[64]; /* the store's own word: "SlowDown", "expired_auth_token", "ENOSPC" */
  char request_id[96];    /* what the store's support will ask for */
  char message[320];      /* one line: what was tried, on what, why it failed; lower case, no final
                             period, no secret */
} streamd_error;

/* Levels of streamd_call.log. */
#define STREAMD_LOG_TRACE 0
#define STREAMD_LOG_DEBUG 1
#define STREAMD_LOG_INFO 2
#define STREAMD_LOG_WARN 3
#define STREAMD_LOG_ERROR 4

/* Travels with every operation; valid until it returns. */
typedef struct streamd_call {
  uint32_t struct_size;                               /* set by the host */
  uint32_t timeout_ms;                                /* for the whole call; 0 = none */
  uint32_t idle_timeout_ms;                           /* no byte moved for so long; 0 = none */
  uint32_t reserved;                                  /* 0 */
  void* ctx;                                          /* the host's; first argument of callbacks */
  int (*cancelled)(void* ctx);                        /* not 0 = return STREAMD_CANCELLED soon; set
                                                         from the start: return it at once, with no
                                                         effect. Poll at least every 250 ms */
  void (*log)(void* ctx, int level, const char* msg); /* one line; no secret */
  streamd_error* error;                               /* filled when the call fails */
} streamd_call;

/* ---- bytes in, bytes out ---------------------------------------------------------------------*/

/* The bytes to store. Can be read at any offset, again and again, so that a driver needs no buffer
 * as large as the object to send it twice or in parts. */
typedef struct streamd_source {
  uint32_t struct_size; /* set by the host */
  uint32_t reserved;    /* 0 */
  void* ctx;            /* the host's; first argument of read_at */
  uint64_t size;        /* of the whole object, exact, in bytes */
  /* Copies up to cap bytes from offset on into buf and returns how many, at least 1 while
   * cap > 0 and offset < size. Negative = it failed: minus the streamd_code that put must return.
   */
  int64_t (*read_at)(void* ctx, uint64_t offset, void* buf, size_t cap);
} streamd_source;

/* Where get delivers. Frozen: it never grows. */
typedef struct streamd_sink {
  void* ctx; /* the host's; first argument of write */
  /* Takes the next len > 0 bytes, in order. STREAMD_OK = go on; anything else: stop at once and
   * return that code unchanged (it may be one that this header does not list). */
  streamd_code (*write)(void* ctx, const void* data, size_t len);
} streamd_sink;

/* What is known about an object. Written by the driver up to the caller's struct_size. */
typedef struct streamd_object {
  uint32_t
      struct_size;   /* set by whoever owns the memory: the host as a result, the driver in list */
  uint32_t reserved; /* 0 */
  uint64_t size;     /* bytes */
  int64_t mtime_ns;  /* Unix time in ns by the store's clock, cut to 1 s if that is all it has */
  char etag[80];     /* opaque; "" = none */
} streamd_object;

/* Where list delivers. Frozen: it never grows. */
typedef struct streamd_list_sink {
  void* ctx; /* the host's; first argument of item */
  /* One object. key and obj are borrowed until item returns. Result as streamd_sink.write. */
  streamd_code (*item)(void* ctx, const char* key, const streamd_object* obj);
} streamd_list_sink;

/* ---- requests --------------------------------------------------------------------------------*/

#define STREAMD_KEY_MAX 900           /* bytes, without the NUL */
#define STREAMD_TO_THE_END UINT64_MAX /* streamd_get.length: all that there is from offset on */
#define STREAMD_PUT_IF_ABSENT 1u      /* streamd_put.flags: only if there is no such object */

typedef struct streamd_put {
  uint32_t struct_size;  /* set by the host */
  uint32_t flags;        /* STREAMD_PUT_*; a bit that the driver does not know: UNSUPPORTED */
  const char* key;       /* replaced if it exists, but for IF_ABSENT */
  const uint8_t* sha256; /* 32 bytes over the whole body, or NULL. A help: spares a driver that must
                            send it a pass over the source */
} streamd_put;

typedef struct streamd_get {
  uint32_t struct_size; /* set by the host */
  uint32_t flags;       /* 0 */
  const char* key;
  uint64_t offset; /* of the first byte wanted; offset = size is legal and gives nothing */
  uint64_t
      length; /* bytes, or STREAMD_TO_THE_END. Fewer there = STREAMD_CORRUPT, never less data */
} streamd_get;

typedef struct streamd_list {
  uint32_t struct_size;    /* set by the host */
  uint32_t page_hint;      /* how many objects the host expects to take; 0 = all */
  const char* prefix;      /* of keys, byte for byte, not of folders; "" = everything */
  const char* start_after; /* only keys after this one (exclusive; it need not exist); "" = from the
                              first. Not "" without ORDERED_LIST: STREAMD_UNSUPPORTED */
} streamd_list;

/* ---- capabilities ----------------------------------------------------------------------------*/

#define STREAMD_CAP_IF_ABSENT 1u /* IF_ABSENT is atomic at the store; else put refuses the flag */
#define STREAMD_CAP_ORDERED_LIST                                                                 \
  2u                               /* ascending byte order, start_after honoured; else any order \
                                    */
#define STREAMD_CAP_STRONG_LIST 4u /* list shows every put that returned OK before list began */

/* What one instance can do: endpoints differ under one driver. */
typedef struct streamd_caps {
  uint32_t struct_size;      /* set by the host */
  uint32_t max_concurrency;  /* calls at a time on this instance; 0 = no limit */
  uint64_t flags;            /* STREAMD_CAP_* */
  uint64_t max_object_size;  /* bytes; 0 = no limit */
  uint64_t part_size;        /* objects above this are sent in parts of it, bytes; 0 = no parts */
  uint32_t max_remove_batch; /* keys per remove; 0 = no limit */
  uint32_t reserved;         /* 0 */
} streamd_caps;

/* ---- configuration ---------------------------------------------------------------------------*/

#define STREAMD_OPTION_REQUIRED 1u
#define STREAMD_OPTION_SECRET 2u /* never shown; may come from a file or a systemd credential */

/* One line of the driver's table of options. The host checks the user's configuration against it
 * before open, documents it and redacts secrets. Frozen (it travels in an array). */
typedef struct streamd_option {
  const char* name; /* [a-z0-9-]+; NULL ends the table */
  const char* type; /* "string", "int", "bool", "size", "duration" or "path" */
  const char* def;  /* default as a user would write it: "64MiB", "30s"; NULL = none */
  const char* help; /* one line, lower case */
  uint32_t flags;   /* STREAMD_OPTION_* */
  uint32_t reserved;
} streamd_option;

/* One option given to open. The host passes each option that the user set or that has a default,
 * exactly once, under its name in the table, and spells the value by its type: int, size (bytes)
 * and duration (milliseconds) as decimal digits, bool as "true" or "false", path absolute. Frozen.
 */
typedef struct streamd_kv {
  const char* key;
  const char* value;
} streamd_kv;

/* ---- the two sides ---------------------------------------------------------------------------*/

/* What the host tells a driver that it loads. Outlives the library. */
typedef struct streamd_host {
  uint32_t struct_size; /* set by the host */
  uint32_t reserved;    /* 0 */
  const char* name;     /* "streamd", "streamctl", "streamd-driver-check" */
  const char* version;
  const void* (*extension)(
      const char* id); /* "streamd.metrics/1"; NULL = not offered. Any thread */
} streamd_host;

/* The driver's table, constant and static. Every pointer but extension is set.
 * An instance is opened for one storage. The key prefix belongs to the host, never to the options.
 * Each operation also fails with what is said of its code above; each may return CANCELLED,
 * TIMEOUT, AUTH, PERMISSION, THROTTLED, TRANSIENT, INVALID_CONFIG and INTERNAL. */
typedef struct streamd_driver {
  uint32_t struct_size;          /* sizeof as compiled; the host copies min(theirs, ours) */
  uint32_t reserved;             /* 0 */
  const char* name;              /* [a-z0-9_]+ = `driver` in the configuration and URL scheme */
  const char* version;           /* of the driver, for logs */
  const char* summary;           /* one line for `streamctl drivers list` */
  const streamd_option* options; /* up to an entry whose name is NULL */

  /* Makes an instance from checked options; does no I/O that may block: the first operation
   * connects. On success sets *instance, which then belongs to the host until close.
   * INVALID_CONFIG when options contradict each other. */
  streamd_code (*open)(const streamd_kv* options, size_t count, const streamd_call* call,
                       void** instance);

  /* Frees the instance. No other call runs on it, none will. */
  void (*close)(void* instance);

  /* Finds out what this endpoint can do, by asking it where that is needed. May be called again.
   * May write at most objects that list never shows. */
  streamd_code (*probe)(void* instance, const streamd_call* call, streamd_caps* out);

  /* Stores an object, whole or nothing: a reader sees the old object, the new object or none, never
   * a part, also when the source, the connection or the machine fails. OK = as durable as the store
   * makes it. Fills out. A code from the source comes back unchanged. EXISTS; UNSUPPORTED also for
   * a key that the store cannot hold ("a//b" in some). */
  streamd_code (*put)(void* instance, const streamd_call* call, const streamd_put* request,
                      const streamd_source* source, streamd_object* out);

  /* Delivers the bytes [offset, offset + length) in order and fills out. On an error some may have
   * been delivered. NOT_FOUND, CORRUPT, the sink's own codes. */
  streamd_code (*get)(void* instance, const streamd_call* call, const streamd_get* request,
                      const streamd_sink* sink, streamd_object* out);

  /* Fills out. NOT_FOUND. */
  streamd_code (*stat)(void* instance, const streamd_call* call, const char* key,
                       streamd_object* out);

  /* Delivers each object whose key has the prefix, once, with size and mtime; pages by itself.
   * Nothing there is OK. UNSUPPORTED, the sink's own codes. */
  streamd_code (*list)(void* instance, const streamd_call* call, const streamd_list* request,
                       const streamd_list_sink* sink);

  /* Removes count keys, at most caps.max_remove_batch. A missing key is OK. each is an array of
   * count codes to fill, one a key, or NULL. Tries all of them; returns the first code that is not
   * OK. More than the batch: UNSUPPORTED, nothing removed. */
  streamd_code (*remove)(void* instance, const streamd_call* call, const char* const* keys,
                         size_t count, streamd_code* each);

  /* Optional features by id, "streamd.object-lock/1": a pointer to a static struct that the id
   * defines, or NULL. May itself be NULL. Any thread. */
  const void* (*extension)(const char* id);

  /* 1.x only ever appends below this line. */
} streamd_driver;

/* The one symbol that a driver exports. Called once per load, on any thread. NULL = this host is
 * too old for me (say why with a line on stderr). The table lives as long as the library. */
typedef const streamd_driver* (*streamd_driver_v1_fn)(const streamd_host* host);
__attribute__((visibility("default"))) const streamd_driver* streamd_driver_v1(
    const streamd_host* host);

#ifdef __cplusplus
}
#endif
#endif
