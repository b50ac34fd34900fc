// <streamd/driver.hpp>: comfort for drivers written in C++17. Needs <streamd/driver.h> alone, which
// has the contract; nothing here is part of the ABI.
//
// A driver is a class derived from streamd::sdk::Driver, with these static members:
//     static constexpr const char* kName, *kVersion, *kSummary;
//     static constexpr streamd_option kOptions[];              // ends in {} (a NULL name)
//     static streamd_code open(const Options&, const Call&, std::unique_ptr<Driver>& instance);
//     static const void* extension(const char* id);            // may be left out
// and one line STREAMD_DRIVER(Class) at the end of the file, outside any namespace.
//
// Operations return a code. A failure is worded where it is found:
//     return call.fail(STREAMD_NOT_FOUND, "cannot read '%s': no such object", key);
//     return call.error(STREAMD_THROTTLED).http(503).provider("SlowDown").retry_after_ms(2000)
//         .message("cannot store '%s': slow down", key);
// Exceptions are caught at the boundary: std::bad_alloc becomes STREAMD_TRANSIENT, any other
// STREAMD_INTERNAL with its what() as the message.
#pragma once
#include <streamd/driver.h>

#include <chrono>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <memory>
#include <new>
#include <string>
#include <type_traits>

namespace streamd::sdk {

// Builds the streamd_error of a failing call; converts to the code that it began with. A second
// one on the same call begins anew: nothing of an earlier failure stays.
class ErrorBuilder {
 public:
  ErrorBuilder(streamd_error* error, streamd_code code) : error_(error), code_(code) {
    error_->http_status = 0;
    error_->retry_after_ms = 0;
    error_->provider_code[0] = error_->request_id[0] = error_->message[0] = '\0';
  }

  ErrorBuilder& http(int status) {
    error_->http_status = status;
    return *this;
  }
  ErrorBuilder& retry_after_ms(std::int64_t ms) {
    error_->retry_after_ms = ms;
    return *this;
  }
  ErrorBuilder& provider(const std::string& code) { return copy(error_->provider_code, code); }
  ErrorBuilder& request_id(const std::string& id) { return copy(error_->request_id, id); }
  // printf; line breaks become spaces, what does not fit is cut.
  __attribute__((format(printf, 2, 3))) ErrorBuilder& message(const char* format, ...) {
    va_list arguments;
    va_start(arguments, format);
    vmessage(format, arguments);
    va_end(arguments);
    return *this;
  }
  ErrorBuilder& vmessage(const char* format, va_list arguments) {
    std::vsnprintf(error_->message, sizeof error_->message, format, arguments);
    for (char* at = error_->message; *at != '\0'; ++at)
      if (*at == '\n' || *at == '\r') *at = ' ';
    return *this;
  }
  operator streamd_code() const { return code_; }

 private:
  template <std::size_t N>
  ErrorBuilder& copy(char (&to)[N], const std::string& from) {
    std::snprintf(to, N, "%s", from.c_str());
    return *this;
  }
  streamd_error* error_;
  streamd_code code_;
};

// One call of the host: its clock, its cancellation, its log, its error. Lives on the stack of the
// call and is used on its thread.
class Call {
 public:
  explicit Call(const streamd_call* call)
      : call_(call), began_(Clock::now()), last_progress_(began_) {}
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;

  bool cancelled() const { return call_->cancelled(call_->ctx) != 0; }
  void log(int level, const std::string& line) const {
    call_->log(call_->ctx, level, line.c_str());
  }

  ErrorBuilder error(streamd_code code) const { return ErrorBuilder(call_->error, code); }
  __attribute__((format(printf, 3, 4))) streamd_code fail(streamd_code code, const char* format,
                                                          ...) const {
    va_list arguments;
    va_start(arguments, format);
    error(code).vmessage(format, arguments);
    va_end(arguments);
    return code;
  }

  // To be asked at the start of an operation and between its steps: OK, CANCELLED or TIMEOUT.
  streamd_code check() const {
    if (cancelled()) return fail(STREAMD_CANCELLED, "cancelled");
    const auto now = Clock::now();
    if (passed(call_->timeout_ms, now - began_))
      return fail(STREAMD_TIMEOUT, "not done after %u ms", call_->timeout_ms);
    if (passed(call_->idle_timeout_ms, now - last_progress_))
      return fail(STREAMD_TIMEOUT, "no byte moved for %u ms", call_->idle_timeout_ms);
    return STREAMD_OK;
  }
  // Bytes moved: the idle timeout begins anew.
  void progress() const { last_progress_ = Clock::now(); }
  // Milliseconds that are left of the whole call, at least 1; 0 = no limit.
  std::uint32_t remaining_ms() const {
    if (call_->timeout_ms == 0) return 0;
    const auto left = std::chrono::milliseconds(call_->timeout_ms) - (Clock::now() - began_);
    const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(left).count();
    return ms < 1 ? 1 : static_cast<std::uint32_t>(ms);
  }
  std::uint32_t idle_timeout_ms() const { return call_->idle_timeout_ms; }

 private:
  using Clock = std::chrono::steady_clock;
  static bool passed(std::uint32_t limit_ms, Clock::duration time) {
    return limit_ms != 0 && time >= std::chrono::milliseconds(limit_ms);
  }
  const streamd_call* call_;
  Clock::time_point began_;
  mutable Clock::time_point last_progress_;
};

// The options given to open, checked and spelt by the host (see streamd_kv). Borrowed: valid
// during open.
class Options {
 public:
  Options(const streamd_kv* items, std::size_t count) : items_(items), count_(count) {}
  bool has(const char* name) const { return find(name) != nullptr; }
  std::string text(const char* name, const std::string& otherwise = {}) const {
    const char* value = find(name);
    return value == nullptr ? otherwise : value;
  }
  // An int as it is, a size in bytes, a duration in milliseconds.
  std::int64_t number(const char* name, std::int64_t otherwise = 0) const {
    const char* value = find(name);
    return value == nullptr ? otherwise : std::strtoll(value, nullptr, 10);
  }
  bool flag(const char* name, bool otherwise = false) const {
    const char* value = find(name);
    return value == nullptr ? otherwise : std::strcmp(value, "true") == 0;
  }

 private:
  const char* find(const char* name) const {
    for (std::size_t i = 0; i < count_; ++i)
      if (std::strcmp(items_[i].key, name) == 0) return items_[i].value;
    return nullptr;
  }
  const streamd_kv* items_;
  std::size_t count_;
};

// Fills the host's struct, of which it may know less or more than we do.
inline void fill(streamd_object* out, const streamd_object& found) {
  const std::uint32_t host_size = out->struct_size;
  std::memcpy(out, &found, host_size < sizeof found ? host_size : sizeof found);
  out->struct_size = host_size;
}
inline streamd_object make_object(std::uint64_t size, std::int64_t mtime_ns,
                                  const std::string& etag = {}) {
  streamd_object object{};
  object.struct_size = sizeof object;
  object.size = size;
  object.mtime_ns = mtime_ns;
  std::snprintf(object.etag, sizeof object.etag, "%s", etag.c_str());
  return object;
}

// One instance. Every operation may be called from any thread and by several at a time, except the
// destructor. What each must do is said in <streamd/driver.h>; results go into `out` by assignment.
class Driver {
 public:
  Driver() = default;
  Driver(const Driver&) = delete;
  Driver& operator=(const Driver&) = delete;
  virtual ~Driver() = default;
  virtual streamd_code probe(const Call& call, streamd_caps& out) = 0;
  virtual streamd_code put(const Call& call, const streamd_put& request,
                           const streamd_source& source, streamd_object& out) = 0;
  virtual streamd_code get(const Call& call, const streamd_get& request, const streamd_sink& sink,
                           streamd_object& out) = 0;
  virtual streamd_code stat(const Call& call, const char* key, streamd_object& out) = 0;
  virtual streamd_code list(const Call& call, const streamd_list& request,
                            const streamd_list_sink& sink) = 0;
  virtual streamd_code remove(const Call& call, const char* const* keys, std::size_t count,
                              streamd_code* each) = 0;
};

namespace detail {

// Nothing that is thrown passes.
template <class Body>
streamd_code fence(const Call& call, Body&& body) noexcept {
  try {
    return body();
  } catch (const std::bad_alloc&) {
    return call.fail(STREAMD_TRANSIENT, "out of memory");
  } catch (const std::exception& thrown) {
    return call.fail(STREAMD_INTERNAL, "exception in the driver: %s", thrown.what());
  } catch (...) {
    return call.fail(STREAMD_INTERNAL, "exception of an unknown type in the driver");
  }
}

template <class Class, class = void>
struct Extensions {
  static constexpr const void* (*lookup)(const char*) = nullptr;
};
template <class Class>
struct Extensions<Class, std::void_t<decltype(Class::extension(""))>> {
  static constexpr const void* (*lookup)(const char*) = Class::extension;
};

// The functions of the table for one class.
template <class Class>
struct Table {
  static Driver& self(void* instance) { return *static_cast<Driver*>(instance); }

  static streamd_code open(const streamd_kv* items, std::size_t count, const streamd_call* c,
                           void** instance) {
    const Call call(c);
    return fence(call, [&] {
      std::unique_ptr<Driver> made;
      const streamd_code code = Class::open(Options(items, count), call, made);
      if (code == STREAMD_OK) *instance = made.release();
      return code;
    });
  }
  static void close(void* instance) { delete &self(instance); }

  static streamd_code probe(void* instance, const streamd_call* c, streamd_caps* out) {
    const Call call(c);
    return fence(call, [&] {
      streamd_caps found{};
      const streamd_code code = self(instance).probe(call, found);
      if (code != STREAMD_OK) return code;
      const std::uint32_t host_size = out->struct_size;
      std::memcpy(out, &found, host_size < sizeof found ? host_size : sizeof found);
      out->struct_size = host_size;
      return code;
    });
  }
  static streamd_code put(void* instance, const streamd_call* c, const streamd_put* request,
                          const streamd_source* source, streamd_object* out) {
    const Call call(c);
    return fence(call, [&] {
      streamd_object found = make_object(0, 0);
      const streamd_code code = self(instance).put(call, *request, *source, found);
      if (code == STREAMD_OK) fill(out, found);
      return code;
    });
  }
  static streamd_code get(void* instance, const streamd_call* c, const streamd_get* request,
                          const streamd_sink* sink, streamd_object* out) {
    const Call call(c);
    return fence(call, [&] {
      streamd_object found = make_object(0, 0);
      const streamd_code code = self(instance).get(call, *request, *sink, found);
      if (code == STREAMD_OK) fill(out, found);
      return code;
    });
  }
  static streamd_code stat(void* instance, const streamd_call* c, const char* key,
                           streamd_object* out) {
    const Call call(c);
    return fence(call, [&] {
      streamd_object found = make_object(0, 0);
      const streamd_code code = self(instance).stat(call, key, found);
      if (code == STREAMD_OK) fill(out, found);
      return code;
    });
  }
  static streamd_code list(void* instance, const streamd_call* c, const streamd_list* request,
                           const streamd_list_sink* sink) {
    const Call call(c);
    return fence(call, [&] { return self(instance).list(call, *request, *sink); });
  }
  static streamd_code remove(void* instance, const streamd_call* c, const char* const* keys,
                             std::size_t count, streamd_code* each) {
    const Call call(c);
    return fence(call, [&] { return self(instance).remove(call, keys, count, each); });
  }

  static constexpr streamd_driver kTable = {sizeof(streamd_driver),
                                            0,
                                            Class::kName,
                                            Class::kVersion,
                                            Class::kSummary,
                                            Class::kOptions,
                                            open,
                                            close,
                                            probe,
                                            put,
                                            get,
                                            stat,
                                            list,
                                            remove,
                                            Extensions<Class>::lookup};
};

}  // namespace detail
}  // namespace streamd::sdk

// The table and the one exported symbol of a driver.
#define STREAMD_DRIVER(Class)                                               \
  extern "C" const streamd_driver* streamd_driver_v1(const streamd_host*) { \
    return &::streamd::sdk::detail::Table<Class>::kTable;                   \
  }
