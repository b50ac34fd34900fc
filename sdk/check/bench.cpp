#include "bench.h"

#include <algorithm>
#include <chrono>
#include <cstring>

#include "pattern.h"

namespace streamd::check {

namespace {
constexpr std::size_t kContextsKept = 1024;
constexpr int kThrottledTries = 6;

double now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}
}  // namespace

const char* code_name(streamd_code code) {
  constexpr const char* names[] = {
      "ok",      "not found", "exists",         "auth",    "permission",  "throttled", "transient",
      "timeout", "cancelled", "invalid config", "corrupt", "unsupported", "internal"};
  return code >= 0 && code <= STREAMD_INTERNAL ? names[code] : "a code of its own";
}

// What one call's callbacks get; outlives the call, so that late ones do no harm.
struct Bench::Context {
  Bench* bench = nullptr;
  std::thread::id thread;
  std::atomic<bool> active{true};
  std::atomic<bool>* cancel = nullptr;
  const ReadAt* read = nullptr;
  const Write* write = nullptr;
  const Item* item = nullptr;

  bool allowed(const char* callback) const {
    if (!active) {
      bench->note(std::string(callback) + " was called after the call had returned");
      return false;
    }
    if (std::this_thread::get_id() != thread)
      bench->note(std::string(callback) + " was called on another thread");
    return true;
  }
};

// One call: its context and the struct that the driver sees.
class Bench::Scope {
 public:
  Scope(Bench& bench, const CallOptions& options, Reply& reply)
      : reply_(reply), context_(std::make_shared<Context>()), began_(now()) {
    context_->bench = &bench;
    context_->thread = std::this_thread::get_id();
    context_->cancel = options.cancel;
    reply.error = {};
    reply.error.struct_size = sizeof reply.error;
    reply.object = {};
    reply.object.struct_size = sizeof reply.object;
    call_.struct_size = sizeof call_;
    call_.timeout_ms = options.timeout_ms;
    call_.idle_timeout_ms = 60'000;
    call_.ctx = context_.get();
    call_.cancelled = on_cancelled;
    call_.log = on_log;
    call_.error = &reply.error;
  }
  // The driver is back with this code.
  streamd_code done(streamd_code code) {
    context_->active = false;
    reply_.seconds = now() - began_;
    reply_.error.message[sizeof reply_.error.message - 1] = '\0';
    const std::lock_guard lock(context_->bench->mutex_);
    context_->bench->finished_.push_back(context_);
    if (context_->bench->finished_.size() > kContextsKept) context_->bench->finished_.pop_front();
    return code;
  }
  const streamd_call* call() const { return &call_; }
  Context* context() const { return context_.get(); }

 private:
  Reply& reply_;
  std::shared_ptr<Context> context_;
  streamd_call call_{};
  double began_;
};

namespace {
// A store may ask anybody to slow down; the checks are not about that.
template <class Try>
Reply while_throttled(Try&& attempt) {
  Reply reply = attempt();
  for (int i = 1; i < kThrottledTries && reply.code == STREAMD_THROTTLED; ++i) {
    const auto asked = std::clamp<std::int64_t>(reply.error.retry_after_ms, 500, 10'000);
    std::this_thread::sleep_for(std::chrono::milliseconds(asked));
    reply = attempt();
  }
  return reply;
}
}  // namespace

int Bench::on_cancelled(void* context) {
  const auto* self = static_cast<Context*>(context);
  if (!self->allowed("cancelled")) return 1;
  return self->cancel != nullptr && *self->cancel ? 1 : 0;
}

void Bench::on_log(void* context, int, const char*) {
  (void)static_cast<Context*>(context)->allowed("log");
}

std::int64_t Bench::on_read(void* context, std::uint64_t offset, void* to, std::size_t cap) {
  const auto* self = static_cast<Context*>(context);
  if (!self->allowed("read_at")) return -STREAMD_INTERNAL;
  return (*self->read)(offset, static_cast<char*>(to), cap);
}

streamd_code Bench::on_write(void* context, const void* data, std::size_t size) {
  const auto* self = static_cast<Context*>(context);
  if (!self->allowed("the sink")) return STREAMD_INTERNAL;
  return (*self->write)(static_cast<const char*>(data), size);
}

streamd_code Bench::on_item(void* context, const char* key, const streamd_object* object) {
  const auto* self = static_cast<Context*>(context);
  if (!self->allowed("the list sink")) return STREAMD_INTERNAL;
  return (*self->item)(key, *object);
}

void Bench::note(const std::string& offence) {
  const std::lock_guard lock(mutex_);
  if (std::find(offences_.begin(), offences_.end(), offence) == offences_.end())
    offences_.push_back(offence);
}

std::vector<std::string> Bench::offences() const {
  const std::lock_guard lock(mutex_);
  return offences_;
}

Bench::Bench(const Target& target) : target_(target), scope_(target.prefix) {
  const std::vector<streamd_kv> options = pairs_of(target);
  Reply reply;
  Scope scope(*this, {}, reply);
  reply.code =
      scope.done(target.driver->open(options.data(), options.size(), scope.call(), &instance_));
  expect(reply, STREAMD_OK, "open");
  const Reply probed = probe();
  if (probed.code != STREAMD_OK) {
    target.driver->close(instance_);
    expect(probed, STREAMD_OK, "probe");
  }
}

Bench::~Bench() {
  target_.driver->close(instance_);
}

unsigned Bench::threads(unsigned wanted) const {
  return caps_.max_concurrency == 0 ? wanted : std::min(wanted, caps_.max_concurrency);
}

Reply Bench::probe(const CallOptions& options) {
  Reply reply;
  Scope scope(*this, options, reply);
  streamd_caps found{};
  found.struct_size = sizeof found;
  reply.code = scope.done(target_.driver->probe(instance_, scope.call(), &found));
  if (reply.code == STREAMD_OK) caps_ = found;
  return reply;
}

Reply Bench::put(const std::string& key, const std::string& bytes, std::uint32_t flags) {
  return put_from(key, bytes.size(), source_of(bytes), flags);
}

Reply Bench::put_from(const std::string& key, std::uint64_t size, const ReadAt& source,
                      std::uint32_t flags, const CallOptions& options, const std::uint8_t* sha256) {
  return while_throttled([&] {
    Reply reply;
    Scope scope(*this, options, reply);
    scope.context()->read = &source;
    const streamd_put request = {sizeof request, flags, key.c_str(), sha256};
    const streamd_source from = {sizeof from, 0, scope.context(), size, on_read};
    reply.code =
        scope.done(target_.driver->put(instance_, scope.call(), &request, &from, &reply.object));
    return reply;
  });
}

Reply Bench::get(const std::string& key, std::uint64_t offset, std::uint64_t length) {
  std::string data;
  Reply reply = get_into(key, offset, length, [&](const char* bytes, std::size_t size) {
    data.append(bytes, size);
    return STREAMD_OK;
  });
  reply.data = std::move(data);
  return reply;
}

Reply Bench::get_into(const std::string& key, std::uint64_t offset, std::uint64_t length,
                      const Write& sink, const CallOptions& options) {
  return while_throttled([&] {
    Reply reply;
    Scope scope(*this, options, reply);
    scope.context()->write = &sink;
    const streamd_get request = {sizeof request, 0, key.c_str(), offset, length};
    const streamd_sink to = {scope.context(), on_write};
    reply.code =
        scope.done(target_.driver->get(instance_, scope.call(), &request, &to, &reply.object));
    return reply;
  });
}

Reply Bench::stat(const std::string& key, const CallOptions& options) {
  return while_throttled([&] {
    Reply reply;
    Scope scope(*this, options, reply);
    reply.code =
        scope.done(target_.driver->stat(instance_, scope.call(), key.c_str(), &reply.object));
    return reply;
  });
}

Reply Bench::list(const std::string& prefix, const std::string& start_after) {
  std::vector<std::pair<std::string, streamd_object>> items;
  Reply reply = list_into(prefix, start_after, [&](const char* key, const streamd_object& object) {
    streamd_object copy{};
    std::memcpy(&copy, &object, std::min<std::size_t>(object.struct_size, sizeof copy));
    items.emplace_back(key, copy);
    return STREAMD_OK;
  });
  reply.items = std::move(items);
  return reply;
}

Reply Bench::list_into(const std::string& prefix, const std::string& start_after, const Item& sink,
                       const CallOptions& options) {
  return while_throttled([&] {
    Reply reply;
    Scope scope(*this, options, reply);
    scope.context()->item = &sink;
    const streamd_list request = {sizeof request, 0, prefix.c_str(), start_after.c_str()};
    const streamd_list_sink to = {scope.context(), on_item};
    reply.code = scope.done(target_.driver->list(instance_, scope.call(), &request, &to));
    return reply;
  });
}

Reply Bench::remove(const std::vector<std::string>& keys, const CallOptions& options) {
  return while_throttled([&] {
    Reply reply;
    Scope scope(*this, options, reply);
    std::vector<const char*> pointers;
    for (const std::string& key : keys) pointers.push_back(key.c_str());
    reply.each.assign(keys.size(), -1);
    reply.code = scope.done(target_.driver->remove(instance_, scope.call(), pointers.data(),
                                                   keys.size(), reply.each.data()));
    return reply;
  });
}

void Bench::clean() {
  const Reply listed = list(target_.prefix);
  expect(listed, STREAMD_OK, "list of what the checks left");
  const std::size_t batch = caps_.max_remove_batch == 0 ? 1000 : caps_.max_remove_batch;
  std::vector<std::string> keys;
  for (std::size_t i = 0; i < listed.items.size(); ++i) {
    keys.push_back(listed.items[i].first);
    if (keys.size() < batch && i + 1 < listed.items.size()) continue;
    expect(remove(keys), STREAMD_OK, "removal of what the checks left");
    keys.clear();
  }
}

std::vector<streamd_kv> pairs_of(const Target& target) {
  std::vector<streamd_kv> options;
  for (const auto& [name, value] : target.options) options.push_back({name.c_str(), value.c_str()});
  return options;
}

PlainCall::PlainCall() {
  error.struct_size = sizeof error;
  call.struct_size = sizeof call;
  call.timeout_ms = 60'000;
  call.cancelled = [](void*) { return 0; };
  call.log = [](void*, int, const char*) {};
  call.error = &error;
}

void expect(const Reply& reply, streamd_code code, const std::string& what) {
  if (reply.code == code) return;
  throw Failure(what + ": expected " + code_name(code) + ", got " + code_name(reply.code) + " (" +
                std::to_string(reply.code) + ")" +
                (reply.error.message[0] == '\0' ? "" : std::string(": ") + reply.error.message));
}

void expect_object(Bench& bench, const std::string& key, const std::string& bytes) {
  const Reply got = bench.get(key);
  expect(got, STREAMD_OK, "get of " + key);
  require(got.data.size() == bytes.size(), "get of " + key + ": expected " +
                                               std::to_string(bytes.size()) + " bytes, got " +
                                               std::to_string(got.data.size()));
  require(got.data == bytes, "get of " + key + ": the bytes differ from what was put");
}

void expect_nothing(Bench& bench, const std::string& key) {
  expect(bench.stat(key), STREAMD_NOT_FOUND, "stat of " + key + ", which must not exist");
  expect(bench.get(key), STREAMD_NOT_FOUND, "get of " + key + ", which must not exist");
  const Reply listed = bench.list(key);
  expect(listed, STREAMD_OK, "list");
  for (const auto& [name, object] : listed.items)
    require(name != key, "list shows " + key + ", which must not exist");
}

ReadAt source_of(const std::string& bytes) {
  return [&bytes](std::uint64_t offset, char* to, std::size_t cap) -> std::int64_t {
    if (offset >= bytes.size()) return 0;
    const std::size_t limit = 1 + offset % 3 * 40'000 + bytes.size() / 3;
    const std::size_t n = std::min({cap, bytes.size() - static_cast<std::size_t>(offset), limit});
    std::memcpy(to, bytes.data() + offset, n);
    return static_cast<std::int64_t>(n);
  };
}

ReadAt pattern_source(std::uint64_t seed, std::uint64_t size) {
  return [=](std::uint64_t offset, char* to, std::size_t cap) -> std::int64_t {
    if (offset >= size) return 0;
    const std::uint64_t limit = 1 + Random(offset).below(300'000);
    const std::uint64_t n = std::min<std::uint64_t>({cap, size - offset, limit});
    const std::string bytes = pattern(seed, static_cast<std::size_t>(n), offset);
    std::memcpy(to, bytes.data(), bytes.size());
    return static_cast<std::int64_t>(n);
  };
}

}  // namespace streamd::check
