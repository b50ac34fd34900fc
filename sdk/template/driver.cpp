// A driver to start from. What is marked YOURS is where your store comes in; the rest can stay.
#include <algorithm>
#include <chrono>
#include <map>
#include <memory>
#include <mutex>
#include <streamd/driver.hpp>
#include <string>

namespace {

using streamd::sdk::Call;
using streamd::sdk::Driver;
using streamd::sdk::Options;

constexpr std::uint64_t kChunk = 64 * 1024;

struct Object {
  std::string bytes;
  std::int64_t mtime_ns;
};

// YOURS: the store. Instances that name the same space see the same objects.
struct Space {
  std::mutex mutex;  // operations come from many threads; never hold it while a callback runs
  std::map<std::string, std::shared_ptr<const Object>> objects;
};

std::shared_ptr<Space> space_named(const std::string& name) {
  static std::map<std::string, std::shared_ptr<Space>> spaces;  // open is called one at a time
  auto& space = spaces[name];
  if (!space) space = std::make_shared<Space>();
  return space;
}

class TemplateDriver final : public Driver {
 public:
  static constexpr const char* kName = "template";
  static constexpr const char* kVersion = "0.1";
  static constexpr const char* kSummary = "an example: the memory of the process";
  // YOURS: the host checks the user's configuration against this table, and documents it.
  static constexpr streamd_option kOptions[] = {
      {"space", "string", nullptr, "which space to use", STREAMD_OPTION_REQUIRED, 0}, {}};

  // YOURS: no network here; connect in the first operation.
  static streamd_code open(const Options& options, const Call& call,
                           std::unique_ptr<Driver>& instance) {
    const std::string name = options.text("space");
    if (name.empty()) return call.fail(STREAMD_INVALID_CONFIG, "space must not be empty");
    instance = std::make_unique<TemplateDriver>(space_named(name));
    return STREAMD_OK;
  }

  explicit TemplateDriver(std::shared_ptr<Space> space) : space_(std::move(space)) {}

  // YOURS: what this endpoint can do. Promise nothing that you have not tried.
  streamd_code probe(const Call& call, streamd_caps& out) override {
    out.flags = STREAMD_CAP_IF_ABSENT | STREAMD_CAP_ORDERED_LIST | STREAMD_CAP_STRONG_LIST;
    out.max_concurrency = 16;
    out.max_remove_batch = 1000;
    return call.check();
  }

  streamd_code put(const Call& call, const streamd_put& request, const streamd_source& source,
                   streamd_object& out) override {
    if ((request.flags & ~STREAMD_PUT_IF_ABSENT) != 0)
      return call.fail(STREAMD_UNSUPPORTED, "unknown flags of put: %#x", request.flags);
    // YOURS: send the bytes instead of gathering them; the source can be read again from anywhere.
    auto object = std::make_shared<Object>();
    while (object->bytes.size() < source.size) {
      if (const auto code = call.check(); code != STREAMD_OK) return code;
      char chunk[kChunk];
      const std::int64_t n = source.read_at(source.ctx, object->bytes.size(), chunk, sizeof chunk);
      if (n <= 0) return n < 0 ? static_cast<streamd_code>(-n) : STREAMD_INTERNAL;
      object->bytes.append(chunk, static_cast<std::size_t>(n));
      call.progress();
    }
    if (const auto code = call.check(); code != STREAMD_OK) return code;
    const auto time = std::chrono::system_clock::now().time_since_epoch();
    object->mtime_ns = std::chrono::nanoseconds(time).count();
    // YOURS: from here on it is visible, whole.
    const std::lock_guard lock(space_->mutex);
    if ((request.flags & STREAMD_PUT_IF_ABSENT) != 0 && space_->objects.count(request.key) != 0)
      return call.fail(STREAMD_EXISTS, "there is an object %.200s", request.key);
    out = streamd::sdk::make_object(object->bytes.size(), object->mtime_ns);
    space_->objects[request.key] = std::move(object);
    return STREAMD_OK;
  }

  streamd_code get(const Call& call, const streamd_get& request, const streamd_sink& sink,
                   streamd_object& out) override {
    const auto object = find(request.key);
    if (!object) return missing(call, request.key);
    const std::uint64_t size = object->bytes.size();
    const bool to_the_end = request.length == STREAMD_TO_THE_END;
    if (request.offset > size || (!to_the_end && request.length > size - request.offset))
      return call.fail(STREAMD_CORRUPT, "object %.200s is shorter than asked for", request.key);
    out = streamd::sdk::make_object(size, object->mtime_ns);
    std::uint64_t at = request.offset;
    const std::uint64_t end = to_the_end ? size : at + request.length;
    do {
      if (const auto code = call.check(); code != STREAMD_OK) return code;
      const std::uint64_t n = std::min(end - at, kChunk);
      if (n == 0) break;
      const auto code = sink.write(sink.ctx, object->bytes.data() + at, n);
      if (code != STREAMD_OK) return code;  // unchanged: it is the host's own
      call.progress();
      at += n;
    } while (at < end);
    return STREAMD_OK;
  }

  streamd_code stat(const Call& call, const char* key, streamd_object& out) override {
    if (const auto code = call.check(); code != STREAMD_OK) return code;
    const auto object = find(key);
    if (!object) return missing(call, key);
    out = streamd::sdk::make_object(object->bytes.size(), object->mtime_ns);
    return STREAMD_OK;
  }

  // YOURS: fetch one page, deliver it, fetch the next one.
  streamd_code list(const Call& call, const streamd_list& request,
                    const streamd_list_sink& sink) override {
    const std::string prefix = request.prefix;
    std::string after = request.start_after;
    while (true) {
      if (const auto code = call.check(); code != STREAMD_OK) return code;
      std::unique_lock lock(space_->mutex);
      const auto next =
          after < prefix ? space_->objects.lower_bound(prefix) : space_->objects.upper_bound(after);
      if (next == space_->objects.end() || next->first.compare(0, prefix.size(), prefix) != 0)
        return STREAMD_OK;
      after = next->first;
      const auto object =
          streamd::sdk::make_object(next->second->bytes.size(), next->second->mtime_ns);
      lock.unlock();
      const auto code = sink.item(sink.ctx, after.c_str(), &object);
      if (code != STREAMD_OK) return code;
      call.progress();
    }
  }

  streamd_code remove(const Call& call, const char* const* keys, std::size_t count,
                      streamd_code* each) override {
    streamd_code code = call.check();
    if (count > 1000) code = call.fail(STREAMD_UNSUPPORTED, "more than 1000 keys to remove");
    const std::lock_guard lock(space_->mutex);
    for (std::size_t i = 0; i < count; ++i) {
      if (code == STREAMD_OK) space_->objects.erase(keys[i]);
      if (each != nullptr) each[i] = code;
    }
    return code;
  }

 private:
  std::shared_ptr<const Object> find(const std::string& key) const {
    const std::lock_guard lock(space_->mutex);
    const auto found = space_->objects.find(key);
    return found == space_->objects.end() ? nullptr : found->second;
  }
  static streamd_code missing(const Call& call, const char* key) {
    return call.fail(STREAMD_NOT_FOUND, "no object %.200s", key);
  }

  std::shared_ptr<Space> space_;
};

}  // namespace

STREAMD_DRIVER(TemplateDriver)
