/* The ABI as numbers, x86-64 and arm64. A change that fails here breaks drivers in the field:
 * members are only appended, below what is listed. Add lines for what is appended, never change
 * one. */
#include <stddef.h>
#include <streamd/driver.h>

#ifdef __cplusplus
#define FREEZE(condition, text) static_assert(condition, text)
#else
#define FREEZE(condition, text) _Static_assert(condition, text)
#endif
#define VALUE(name, value) FREEZE((name) == (value), #name " was renumbered")
#define MEMBER(type, member, offset, size)                                \
  FREEZE(offsetof(type, member) == (offset), #type "." #member " moved"); \
  FREEZE(sizeof(((type*)0)->member) == (size), #type "." #member " has another size")
/* Grows at its end only. */
#define AT_LEAST(type, size) FREEZE(sizeof(type) >= (size), #type " shrank")
/* Travels in an array or holds a callback: never grows. */
#define EXACTLY(type, size) FREEZE(sizeof(type) == (size), #type " changed its size")

FREEZE(sizeof(streamd_code) == 4 && (streamd_code)-1 < 0, "streamd_code is not int32_t");
VALUE(STREAMD_OK, 0);
VALUE(STREAMD_NOT_FOUND, 1);
VALUE(STREAMD_EXISTS, 2);
VALUE(STREAMD_AUTH, 3);
VALUE(STREAMD_PERMISSION, 4);
VALUE(STREAMD_THROTTLED, 5);
VALUE(STREAMD_TRANSIENT, 6);
VALUE(STREAMD_TIMEOUT, 7);
VALUE(STREAMD_CANCELLED, 8);
VALUE(STREAMD_INVALID_CONFIG, 9);
VALUE(STREAMD_CORRUPT, 10);
VALUE(STREAMD_UNSUPPORTED, 11);
VALUE(STREAMD_INTERNAL, 12);
VALUE(STREAMD_LOG_TRACE, 0);
VALUE(STREAMD_LOG_DEBUG, 1);
VALUE(STREAMD_LOG_INFO, 2);
VALUE(STREAMD_LOG_WARN, 3);
VALUE(STREAMD_LOG_ERROR, 4);
VALUE(STREAMD_KEY_MAX, 900);
VALUE(STREAMD_TO_THE_END, 0xffffffffffffffffu);
VALUE(STREAMD_PUT_IF_ABSENT, 1u);
VALUE(STREAMD_CAP_IF_ABSENT, 1u);
VALUE(STREAMD_CAP_ORDERED_LIST, 2u);
VALUE(STREAMD_CAP_STRONG_LIST, 4u);
VALUE(STREAMD_OPTION_REQUIRED, 1u);
VALUE(STREAMD_OPTION_SECRET, 2u);

AT_LEAST(streamd_error, 496);
MEMBER(streamd_error, struct_size, 0, 4);
MEMBER(streamd_error, http_status, 4, 4);
MEMBER(streamd_error, retry_after_ms, 8, 8);
MEMBER(streamd_error, provider_code, 16, 64);
MEMBER(streamd_error, request_id, 80, 96);
MEMBER(streamd_error, message, 176, 320);

AT_LEAST(streamd_call, 48);
MEMBER(streamd_call, struct_size, 0, 4);
MEMBER(streamd_call, timeout_ms, 4, 4);
MEMBER(streamd_call, idle_timeout_ms, 8, 4);
MEMBER(streamd_call, reserved, 12, 4);
MEMBER(streamd_call, ctx, 16, 8);
MEMBER(streamd_call, cancelled, 24, 8);
MEMBER(streamd_call, log, 32, 8);
MEMBER(streamd_call, error, 40, 8);

AT_LEAST(streamd_source, 32);
MEMBER(streamd_source, struct_size, 0, 4);
MEMBER(streamd_source, reserved, 4, 4);
MEMBER(streamd_source, ctx, 8, 8);
MEMBER(streamd_source, size, 16, 8);
MEMBER(streamd_source, read_at, 24, 8);

EXACTLY(streamd_sink, 16);
MEMBER(streamd_sink, ctx, 0, 8);
MEMBER(streamd_sink, write, 8, 8);

AT_LEAST(streamd_object, 104);
MEMBER(streamd_object, struct_size, 0, 4);
MEMBER(streamd_object, reserved, 4, 4);
MEMBER(streamd_object, size, 8, 8);
MEMBER(streamd_object, mtime_ns, 16, 8);
MEMBER(streamd_object, etag, 24, 80);

EXACTLY(streamd_list_sink, 16);
MEMBER(streamd_list_sink, ctx, 0, 8);
MEMBER(streamd_list_sink, item, 8, 8);

AT_LEAST(streamd_put, 24);
MEMBER(streamd_put, struct_size, 0, 4);
MEMBER(streamd_put, flags, 4, 4);
MEMBER(streamd_put, key, 8, 8);
MEMBER(streamd_put, sha256, 16, 8);

AT_LEAST(streamd_get, 32);
MEMBER(streamd_get, struct_size, 0, 4);
MEMBER(streamd_get, flags, 4, 4);
MEMBER(streamd_get, key, 8, 8);
MEMBER(streamd_get, offset, 16, 8);
MEMBER(streamd_get, length, 24, 8);

AT_LEAST(streamd_list, 24);
MEMBER(streamd_list, struct_size, 0, 4);
MEMBER(streamd_list, page_hint, 4, 4);
MEMBER(streamd_list, prefix, 8, 8);
MEMBER(streamd_list, start_after, 16, 8);

AT_LEAST(streamd_caps, 40);
MEMBER(streamd_caps, struct_size, 0, 4);
MEMBER(streamd_caps, max_concurrency, 4, 4);
MEMBER(streamd_caps, flags, 8, 8);
MEMBER(streamd_caps, max_object_size, 16, 8);
MEMBER(streamd_caps, part_size, 24, 8);
MEMBER(streamd_caps, max_remove_batch, 32, 4);
MEMBER(streamd_caps, reserved, 36, 4);

EXACTLY(streamd_option, 40);
MEMBER(streamd_option, name, 0, 8);
MEMBER(streamd_option, type, 8, 8);
MEMBER(streamd_option, def, 16, 8);
MEMBER(streamd_option, help, 24, 8);
MEMBER(streamd_option, flags, 32, 4);
MEMBER(streamd_option, reserved, 36, 4);

EXACTLY(streamd_kv, 16);
MEMBER(streamd_kv, key, 0, 8);
MEMBER(streamd_kv, value, 8, 8);

AT_LEAST(streamd_host, 32);
MEMBER(streamd_host, struct_size, 0, 4);
MEMBER(streamd_host, reserved, 4, 4);
MEMBER(streamd_host, name, 8, 8);
MEMBER(streamd_host, version, 16, 8);
MEMBER(streamd_host, extension, 24, 8);

AT_LEAST(streamd_driver, 112);
MEMBER(streamd_driver, struct_size, 0, 4);
MEMBER(streamd_driver, reserved, 4, 4);
MEMBER(streamd_driver, name, 8, 8);
MEMBER(streamd_driver, version, 16, 8);
MEMBER(streamd_driver, summary, 24, 8);
MEMBER(streamd_driver, options, 32, 8);
MEMBER(streamd_driver, open, 40, 8);
MEMBER(streamd_driver, close, 48, 8);
MEMBER(streamd_driver, probe, 56, 8);
MEMBER(streamd_driver, put, 64, 8);
MEMBER(streamd_driver, get, 72, 8);
MEMBER(streamd_driver, stat, 80, 8);
MEMBER(streamd_driver, list, 88, 8);
MEMBER(streamd_driver, remove, 96, 8);
MEMBER(streamd_driver, extension, 104, 8);
