// The host that the checks play: one opened instance, calls that look over the driver's shoulder,
// and keys below a prefix that is emptied in the end.
#pragma once
#include <streamd/driver.h>

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "verdict.h"

namespace streamd::check {

// What is checked, and how hard.
struct Target {
  const streamd_driver* driver = nullptr;                    // complete up to 1.0; borrowed
  std::vector<std::pair<std::string, std::string>> options;  // checked and spelt as for open
  std::string prefix;                                        // of all keys; ends in '/'
  std::uint64_t large_bytes = 64u << 20;
  std::uint32_t list_objects = 2500;
  std::uint32_t load_seconds = 30;
};

// What came back from one call.
struct Reply {
  streamd_code code = STREAMD_OK;
  streamd_error error{};
  streamd_object object{};
  std::string data;                                           // get
  std::vector<std::pair<std::string, streamd_object>> items;  // list
  std::vector<streamd_code> each;                             // remove
  double seconds = 0;
};

// How a call is made; all optional.
struct CallOptions {
  std::uint32_t timeout_ms = 120'000;
  std::atomic<bool>* cancel = nullptr;
};

using ReadAt = std::function<std::int64_t(std::uint64_t offset, char* to, std::size_t cap)>;
using Write = std::function<streamd_code(const char* data, std::size_t size)>;
using Item = std::function<streamd_code(const char* key, const streamd_object& object)>;

const char* code_name(streamd_code code);

class Bench {
 public:
  // Opens and probes; throws Failure.
  explicit Bench(const Target& target);
  ~Bench();
  Bench(const Bench&) = delete;
  Bench& operator=(const Bench&) = delete;

  const Target& target() const { return target_; }
  const streamd_caps& caps() const { return caps_; }
  bool can(std::uint64_t capability) const { return (caps_.flags & capability) != 0; }
  // How many of `wanted` threads may call at once.
  unsigned threads(unsigned wanted) const;

  // A key of the running check.
  void begin_check(const std::string& name) { scope_ = target_.prefix + name + "/"; }
  std::string key(std::string_view name) const { return scope_ + std::string(name); }

  Reply probe(const CallOptions& options = {});
  Reply put(const std::string& key, const std::string& bytes, std::uint32_t flags = 0);
  Reply put_from(const std::string& key, std::uint64_t size, const ReadAt& source,
                 std::uint32_t flags = 0, const CallOptions& options = {},
                 const std::uint8_t* sha256 = nullptr);
  Reply get(const std::string& key, std::uint64_t offset = 0,
            std::uint64_t length = STREAMD_TO_THE_END);
  Reply get_into(const std::string& key, std::uint64_t offset, std::uint64_t length,
                 const Write& sink, const CallOptions& options = {});
  Reply stat(const std::string& key, const CallOptions& options = {});
  Reply list(const std::string& prefix, const std::string& start_after = "");
  Reply list_into(const std::string& prefix, const std::string& start_after, const Item& sink,
                  const CallOptions& options = {});
  Reply remove(const std::vector<std::string>& keys, const CallOptions& options = {});
  // Removes everything below the prefix, in batches; throws Failure.
  void clean();

  // What callbacks did that the contract forbids; empty = nothing.
  std::vector<std::string> offences() const;

 private:
  struct Context;
  class Scope;
  void note(const std::string& offence);
  static int on_cancelled(void* context);
  static void on_log(void* context, int level, const char* line);
  static std::int64_t on_read(void* context, std::uint64_t offset, void* to, std::size_t cap);
  static streamd_code on_write(void* context, const void* data, std::size_t size);
  static streamd_code on_item(void* context, const char* key, const streamd_object* object);

  const Target& target_;
  void* instance_ = nullptr;
  streamd_caps caps_{};
  std::string scope_;
  mutable std::mutex mutex_;
  std::vector<std::string> offences_;
  std::deque<std::shared_ptr<Context>> finished_;  // kept, so that a late callback is seen
};

// The options as open takes them; borrows the target.
std::vector<streamd_kv> pairs_of(const Target& target);

// A call without cancellation, for checks that use the driver's table themselves.
struct PlainCall {
  PlainCall();
  PlainCall(const PlainCall&) = delete;
  PlainCall& operator=(const PlainCall&) = delete;
  streamd_error error{};
  streamd_call call{};
};

// Throws Failure unless the reply has the code; `what` says what was tried.
void expect(const Reply& reply, streamd_code code, const std::string& what);
// The object is there with exactly these bytes.
void expect_object(Bench& bench, const std::string& key, const std::string& bytes);
// get and stat say NOT_FOUND, list does not show it.
void expect_nothing(Bench& bench, const std::string& key);
// A source over these bytes that returns fewer than asked for, in changing sizes.
ReadAt source_of(const std::string& bytes);
// A source of a pattern, likewise.
ReadAt pattern_source(std::uint64_t seed, std::uint64_t size);

}  // namespace streamd::check
