// Cancellation, timeouts, codes, borrowed memory.
#include <chrono>
#include <cstring>
#include <optional>

#include "bench.h"
#include "pattern.h"

namespace streamd::check {
namespace {

using std::chrono::milliseconds;
constexpr double kSoon = 4.0;      // seconds; a driver polls every 250 ms, the rest is slack
constexpr double kPatience = 8.0;  // then the check itself ends the call
constexpr streamd_code kGaveUp = 4713;

double now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

// 20 ms for every 64 KiB: an object that takes a minute and more.
class SlowTransfer {
 public:
  explicit SlowTransfer(const Bench& bench) {
    const std::uint64_t limit = bench.caps().max_object_size;
    if (limit != 0 && limit < size) size = limit;
  }
  std::uint64_t size = 256u << 20;
  std::atomic<bool> cancel = false;
  double cancelled_at = 0;
  std::uint64_t moved = 0;

  // Cancels after half a second, if it is to cancel.
  ReadAt source(bool cancels) {
    began_ = now();
    return [this, cancels](std::uint64_t offset, char* to, std::size_t cap) -> std::int64_t {
      if (!step(cancels)) return -kGaveUp;
      const std::size_t n =
          std::min<std::size_t>({cap, 65'536, static_cast<std::size_t>(size - offset)});
      std::memset(to, 'x', n);
      return static_cast<std::int64_t>(n);
    };
  }

 private:
  bool step(bool cancels) {
    std::this_thread::sleep_for(milliseconds(20));
    if (cancels && !cancel && now() - began_ > 0.5) {
      cancelled_at = now();
      cancel = true;
    }
    return now() - began_ < kPatience;
  }
  double began_ = 0;
};

Verdict cancelled_before(Bench& bench) {
  std::atomic<bool> cancel = true;
  const CallOptions options{.cancel = &cancel};
  const std::string there = bench.key("there.bin");
  const std::string fresh = bench.key("fresh.bin");
  expect(bench.put(there, "x"), STREAMD_OK, "put");
  expect(bench.probe(options), STREAMD_CANCELLED, "cancelled probe");
  expect(bench.put_from(fresh, 1, source_of("y"), 0, options), STREAMD_CANCELLED, "cancelled put");
  const Write sink = [](const char*, std::size_t) { return STREAMD_OK; };
  const Item items = [](const char*, const streamd_object&) { return STREAMD_OK; };
  expect(bench.get_into(there, 0, 1, sink, options), STREAMD_CANCELLED, "cancelled get");
  expect(bench.stat(there, options), STREAMD_CANCELLED, "cancelled stat");
  expect(bench.list_into(there, "", items, options), STREAMD_CANCELLED, "cancelled list");
  expect(bench.remove({there}, options), STREAMD_CANCELLED, "cancelled remove");
  expect_nothing(bench, fresh);
  expect_object(bench, there, "x");
  return pass();
}

Verdict cancel_put(Bench& bench) {
  SlowTransfer slow(bench);
  const std::string key = bench.key("slow.bin");
  const Reply put = bench.put_from(key, slow.size, slow.source(true), 0, {.cancel = &slow.cancel});
  require(put.code != kGaveUp, "put went on for seconds after it was cancelled");
  expect(put, STREAMD_CANCELLED, "put that was cancelled half a second in");
  require(now() - slow.cancelled_at < kSoon, "put returned too long after it was cancelled");
  expect_nothing(bench, key);
  return pass();
}

Verdict cancel_get(Bench& bench) {
  const std::string key = bench.key("object.bin");
  constexpr std::uint64_t kSize = 8u << 20;
  expect(bench.put_from(key, kSize, pattern_source(1, kSize)), STREAMD_OK, "put");
  std::atomic<bool> cancel = false;
  std::uint64_t delivered = 0;
  double cancelled_at = 0;
  const Write sink = [&](const char*, std::size_t n) {
    if (!cancel) cancelled_at = now();
    cancel = true;
    delivered += n;
    std::this_thread::sleep_for(milliseconds(100));
    return STREAMD_OK;
  };
  const Reply got = bench.get_into(key, 0, STREAMD_TO_THE_END, sink, {.cancel = &cancel});
  if (got.code == STREAMD_OK && delivered == kSize && now() - cancelled_at < kSoon)
    return skip("all was delivered before the driver polled");
  expect(got, STREAMD_CANCELLED, "get that was cancelled at its first bytes");
  require(now() - cancelled_at < kSoon, "get returned too long after it was cancelled");
  return pass();
}

Verdict cancel_list(Bench& bench) {
  constexpr int kCount = 60;
  for (int i = 0; i < kCount; ++i)
    expect(bench.put(bench.key(std::to_string(i) + ".bin"), "x"), STREAMD_OK, "put");
  std::atomic<bool> cancel = false;
  double cancelled_at = 0;
  const Item sink = [&](const char*, const streamd_object&) {
    if (!cancel) cancelled_at = now();
    cancel = true;
    std::this_thread::sleep_for(milliseconds(60));
    return STREAMD_OK;
  };
  const Reply listed = bench.list_into(bench.key(""), "", sink, {.cancel = &cancel});
  expect(listed, STREAMD_CANCELLED, "list that was cancelled at its first item");
  require(now() - cancelled_at < kSoon, "list returned too long after it was cancelled");
  return pass();
}

Verdict timeout(Bench& bench) {
  SlowTransfer slow(bench);
  const std::string key = bench.key("slow.bin");
  const Reply put = bench.put_from(key, slow.size, slow.source(false), 0, {.timeout_ms = 1000});
  require(put.code != kGaveUp, "put went on for seconds after its timeout of 1 s");
  expect(put, STREAMD_TIMEOUT, "put that cannot be done in its timeout of 1 s");
  require(put.seconds > 0.8,
          "put timed out after " + std::to_string(put.seconds) + " s instead of 1 s");
  require(put.seconds < 1.2 + kSoon,
          "put took " + std::to_string(put.seconds) + " s to time out after 1 s");
  return pass();
}

Verdict sink_code(Bench& bench) {
  const std::string key = bench.key("object.bin");
  constexpr std::uint64_t kSize = 2'000'000;
  expect(bench.put_from(key, kSize, pattern_source(1, kSize)), STREAMD_OK, "put");
  for (const int own : {4711, int{STREAMD_EXISTS}, int{STREAMD_NOT_FOUND}, -7}) {
    int calls = 0;
    const Write sink = [&](const char*, std::size_t) {
      ++calls;
      return own;
    };
    const Reply got = bench.get_into(key, 0, STREAMD_TO_THE_END, sink);
    require(got.code == own,
            "the sink's code " + std::to_string(own) + " came back as " + std::to_string(got.code));
    require(calls == 1, "the sink was called again after it had refused");
  }
  return pass();
}

Verdict borrowed_strings(Bench& bench) {
  const std::string first = bench.key("borrowed-1.bin");
  const std::string second = bench.key("borrowed-2.bin");
  std::string buffer = first;
  expect(bench.put(buffer, "one"), STREAMD_OK, "put");
  buffer.replace(0, buffer.size(), second);
  expect(bench.put(buffer, "two"), STREAMD_OK, "put from the same memory");
  std::fill(buffer.begin(), buffer.end(), '#');
  expect_object(bench, first, "one");
  expect_object(bench, second, "two");
  const Reply listed = bench.list(bench.key("borrowed-"));
  expect(listed, STREAMD_OK, "list");
  require(listed.items.size() == 2, "a key changed when its memory did");
  return pass();
}

Verdict error_message(Bench& bench) {
  const Reply got = bench.get(bench.key("never.bin"));
  expect(got, STREAMD_NOT_FOUND, "get of a key never put");
  const std::string message = got.error.message;
  require(!message.empty(), "a failing call left no message");
  require(message.find('\n') == std::string::npos, "the message has more than one line");
  require(message.back() != '.', "the message ends in a period");
  for (const streamd_option* o = bench.target().driver->options; o->name != nullptr; ++o) {
    if ((o->flags & STREAMD_OPTION_SECRET) == 0) continue;
    for (const auto& [name, value] : bench.target().options)
      require(name != o->name || value.size() < 4 || message.find(value) == std::string::npos,
              "the message holds the secret '" + name + "'");
  }
  return pass();
}

// The same storage, with one option changed.
Reply open_with(Bench& bench, const std::string& option, const std::string& value) {
  Target changed = bench.target();
  for (auto& [name, was] : changed.options)
    if (name == option) was = value;
  const std::vector<streamd_kv> options = pairs_of(changed);
  const streamd_driver& driver = *changed.driver;
  const PlainCall plain;
  streamd_caps caps{};
  caps.struct_size = sizeof caps;
  streamd_object object{};
  object.struct_size = sizeof object;
  void* instance = nullptr;
  Reply reply;
  reply.code = driver.open(options.data(), options.size(), &plain.call, &instance);
  if (reply.code == STREAMD_OK) {
    reply.code = driver.probe(instance, &plain.call, &caps);
    if (reply.code == STREAMD_OK)
      reply.code = driver.stat(instance, &plain.call, bench.key("never.bin").c_str(), &object);
    driver.close(instance);
  }
  reply.error = plain.error;
  return reply;
}

std::optional<std::string> set_value(const Bench& bench, const std::string& option) {
  for (const auto& [name, value] : bench.target().options)
    if (name == option && !value.empty()) return value;
  return std::nullopt;
}

Verdict wrong_secret(Bench& bench) {
  for (const streamd_option* o = bench.target().driver->options; o->name != nullptr; ++o) {
    const auto value = set_value(bench, o->name);
    if ((o->flags & STREAMD_OPTION_SECRET) == 0 || !value) continue;
    std::string wrong = *value;
    wrong.back() = wrong.back() == 'x' ? 'y' : 'x';
    const Reply reply = open_with(bench, o->name, wrong);
    expect(reply, STREAMD_AUTH, std::string("use with a wrong ") + o->name);
    require(std::string(reply.error.message).find(wrong) == std::string::npos,
            "the message holds the wrong secret");
    return pass();
  }
  return skip("no secret among the options");
}

Verdict wrong_bucket(Bench& bench) {
  const auto bucket = set_value(bench, "bucket");
  if (!bucket) return skip("no option bucket");
  const Reply reply = open_with(bench, "bucket", *bucket + "-that-does-not-exist");
  if (reply.code == STREAMD_PERMISSION) return skip("the store does not say which buckets exist");
  expect(reply, STREAMD_INVALID_CONFIG, "use with a bucket that does not exist");
  return pass();
}

}  // namespace

std::vector<Check> contract_checks() {
  return {
      {"contract.cancelled-before", "cancelled before it began: no effect", cancelled_before},
      {"contract.cancel-put", "a cancelled put ends soon, with nothing visible", cancel_put},
      {"contract.cancel-get", "a cancelled get ends soon", cancel_get},
      {"contract.cancel-list", "a cancelled list ends soon", cancel_list},
      {"contract.timeout", "timeout_ms ends a put", timeout},
      {"contract.sink-code", "a sink's code comes back unchanged, at once", sink_code},
      {"contract.borrowed-strings", "keys are copied, not kept", borrowed_strings},
      {"contract.error-message", "one line, no secret", error_message},
      {"contract.wrong-secret", "a wrong secret is auth, and is not told", wrong_secret},
      {"contract.wrong-bucket", "a missing bucket is invalid config", wrong_bucket},
  };
}

}  // namespace streamd::check
