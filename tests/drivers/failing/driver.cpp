// A driver in front of another one, whose calls fail as order.h says. Everything goes through the
// driver ABI twice: from the host to this driver, and from this one to the other.
#include <dlfcn.h>
#include <streamd/driver.h>

#include <cstdio>
#include <cstring>
#include <string>
#include <vector>

#include "order.h"

namespace failing {
namespace {

const streamd_host* host = nullptr;

struct Instance {
  const streamd_driver* inner = nullptr;
  void* instance = nullptr;
};

Instance& self(void* instance) {
  return *static_cast<Instance*>(instance);
}

streamd_code fail(const streamd_call* call, const Turn& turn, const char* operation) {
  std::snprintf(call->error->message, sizeof call->error->message, "%s fails on purpose",
                operation);
  return turn.code;
}

// run() unless it is this call's turn to fail.
template <class Run>
streamd_code faulty(const streamd_call* call, const Turn& turn, const char* operation,
                    const Run& run) {
  if (turn.code == STREAMD_OK) return run();
  if (turn.after || turn.cut) {
    const streamd_code code = run();
    if (code != STREAMD_OK && !turn.cut) return code;
  }
  return fail(call, turn, operation);
}

// The path of a driver, and the options of that driver.
streamd_code open(const streamd_kv* options, size_t count, const streamd_call* call,
                  void** instance) {
  std::string path;
  std::vector<streamd_kv> others;
  for (size_t i = 0; i < count; ++i)
    if (std::strcmp(options[i].key, "inner") == 0)
      path = options[i].value;
    else
      others.push_back(options[i]);
  void* library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  const auto entry =
      library == nullptr
          ? nullptr
          : reinterpret_cast<streamd_driver_v1_fn>(dlsym(library, "streamd_driver_v1"));
  if (entry == nullptr) {
    std::snprintf(call->error->message, sizeof call->error->message, "%s is no driver",
                  path.c_str());
    return STREAMD_INVALID_CONFIG;
  }
  auto made = Instance{entry(host), nullptr};
  const streamd_code code = made.inner->open(others.data(), others.size(), call, &made.instance);
  if (code == STREAMD_OK) *instance = new Instance(made);
  return code;
}

void close(void* instance) {
  self(instance).inner->close(self(instance).instance);
  delete &self(instance);
}

streamd_code probe(void* instance, const streamd_call* call, streamd_caps* out) {
  return faulty(call, turn_of("driver-probe", ""), "probe",
                [&] { return self(instance).inner->probe(self(instance).instance, call, out); });
}

streamd_code put(void* instance, const streamd_call* call, const streamd_put* request,
                 const streamd_source* source, streamd_object* out) {
  return faulty(call, turn_of("driver-put", request->key), "put", [&] {
    return self(instance).inner->put(self(instance).instance, call, request, source, out);
  });
}

// A sink that takes the first half of the first bytes, and no more.
struct HalfSink {
  const streamd_sink* whole;
  static streamd_code write(void* ctx, const void* data, size_t len) {
    const auto* half = static_cast<HalfSink*>(ctx);
    const streamd_code code =
        len < 2 ? STREAMD_OK : half->whole->write(half->whole->ctx, data, len / 2);
    return code == STREAMD_OK ? STREAMD_TRANSIENT : code;
  }
};

streamd_code get(void* instance, const streamd_call* call, const streamd_get* request,
                 const streamd_sink* sink, streamd_object* out) {
  const Turn turn = turn_of("driver-get", request->key);
  HalfSink half{sink};
  const streamd_sink cut{&half, HalfSink::write};
  return faulty(call, turn, "get", [&] {
    return self(instance).inner->get(self(instance).instance, call, request, turn.cut ? &cut : sink,
                                     out);
  });
}

streamd_code stat(void* instance, const streamd_call* call, const char* key, streamd_object* out) {
  return faulty(call, turn_of("driver-stat", key), "stat", [&] {
    return self(instance).inner->stat(self(instance).instance, call, key, out);
  });
}

// A sink that takes one object, and no more.
struct FirstSink {
  const streamd_list_sink* whole;
  static streamd_code item(void* ctx, const char* key, const streamd_object* object) {
    const auto* first = static_cast<FirstSink*>(ctx);
    const streamd_code code = first->whole->item(first->whole->ctx, key, object);
    return code == STREAMD_OK ? STREAMD_TRANSIENT : code;
  }
};

streamd_code list(void* instance, const streamd_call* call, const streamd_list* request,
                  const streamd_list_sink* sink) {
  const Turn turn = turn_of("driver-list", request->prefix);
  FirstSink first{sink};
  const streamd_list_sink cut{&first, FirstSink::item};
  return faulty(call, turn, "list", [&] {
    return self(instance).inner->list(self(instance).instance, call, request,
                                      turn.cut ? &cut : sink);
  });
}

streamd_code remove(void* instance, const streamd_call* call, const char* const* keys, size_t count,
                    streamd_code* each) {
  const Turn turn = turn_of("driver-remove", count == 0 ? "" : keys[0]);
  const streamd_code code = faulty(call, turn, "remove", [&] {
    return self(instance).inner->remove(self(instance).instance, call, keys, count, each);
  });
  if (turn.code != STREAMD_OK && each != nullptr)
    for (size_t i = 0; i < count; ++i) each[i] = code;
  return code;
}

constexpr streamd_option kOptions[] = {
    {"inner", "path", nullptr, "the file of the driver behind this one", STREAMD_OPTION_REQUIRED,
     0},
    {"path", "path", nullptr, "its root folder", STREAMD_OPTION_REQUIRED, 0},
    {}};

constexpr streamd_driver kDriver = {sizeof(streamd_driver),
                                    0,
                                    "failing",
                                    "1.0",
                                    "another driver, with failures on purpose",
                                    kOptions,
                                    open,
                                    close,
                                    probe,
                                    put,
                                    get,
                                    stat,
                                    list,
                                    remove,
                                    nullptr};

}  // namespace
}  // namespace failing

const streamd_driver* streamd_driver_v1(const streamd_host* host) {
  failing::host = host;
  return &failing::kDriver;
}
