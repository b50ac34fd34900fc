/* The operations of the memory driver, for its table and for drivers that break one of them on
 * purpose (tests/conformance/broken). */
#ifndef STREAMD_TESTS_MEMORY_H
#define STREAMD_TESTS_MEMORY_H
#include <streamd/driver.h>

streamd_code memory_open(const streamd_kv* options, size_t count, const streamd_call* call,
                         void** instance);
void memory_close(void* instance);
streamd_code memory_probe(void* instance, const streamd_call* call, streamd_caps* out);
streamd_code memory_put(void* instance, const streamd_call* call, const streamd_put* request,
                        const streamd_source* source, streamd_object* out);
streamd_code memory_get(void* instance, const streamd_call* call, const streamd_get* request,
                        const streamd_sink* sink, streamd_object* out);
streamd_code memory_stat(void* instance, const streamd_call* call, const char* key,
                         streamd_object* out);
streamd_code memory_list(void* instance, const streamd_call* call, const streamd_list* request,
                         const streamd_list_sink* sink);
streamd_code memory_remove(void* instance, const streamd_call* call, const char* const* keys,
                           size_t count, streamd_code* each);

/* What every one of these tables begins with. */
#define MEMORY_OPERATIONS                                                             \
  .struct_size = sizeof(streamd_driver), .version = "1.0", .open = memory_open,       \
  .close = memory_close, .probe = memory_probe, .put = memory_put, .get = memory_get, \
  .stat = memory_stat, .list = memory_list, .remove = memory_remove

#endif
