#include "bucket.h"

#include <algorithm>

#include "scheduler.h"

namespace simulation {
namespace {

using streamd::Code;
using streamd::make_error;

constexpr Nanos kMilli = 1'000'000;
constexpr Nanos kStoreEpoch = 1'790'000'000'000'000'000;  // its clock never jumps
constexpr std::size_t kChunk = 64 * streamd::kKiB;

ObjectStat stat_of(const Bucket::Object& object) {
  return {object.bytes->size(), object.mtime_ns, ""};
}

// In slices, so that who gives up is noticed.
Status pass(milliseconds time, const Call& call) {
  const Nanos end = elapsed() + time.count() * kMilli;
  const Nanos idle =
      call.idle_timeout.count() > 0 ? elapsed() + call.idle_timeout.count() * kMilli : INT64_MAX;
  while (elapsed() < end) {
    sleep_until(std::min({end, idle, elapsed() + 100 * kMilli}));
    if (call.cancel != nullptr && call.cancel->cancelled())
      return make_error(Code::kCancelled, "cancelled");
    if (elapsed() >= idle) return make_error(Code::kTimeout, "no byte moved");
  }
  return {};
}

}  // namespace

std::vector<streamd::catalog::Listed> Bucket::listing() const {
  std::vector<streamd::catalog::Listed> all;
  for (const auto& [key, object] : objects)
    all.push_back({key, object.bytes->size(), object.mtime_ns});
  return all;
}

Status BucketStore::before(const char* what, const std::string& key, bool changes,
                           const Call& call) {
  if (unplugged) return make_error(Code::kCancelled, "the process is dead");
  if (!weather_) return {};
  Bucket& bucket = *bucket_;
  ++bucket.operations;
  note(std::string(what) + " " + key);
  const Weather& weather = bucket.weather;
  const auto time = bucket.random.between(static_cast<std::uint32_t>(weather.shortest.count()),
                                          static_cast<std::uint32_t>(weather.longest.count()));
  TRY(pass(milliseconds(time), call));
  if (unplugged) return make_error(Code::kCancelled, "the process is dead");
  const auto failed = [&](Code code, const char* why) {
    ++bucket.failures;
    return make_error(code, std::string(what) + " " + key + ": " + why);
  };
  if (weather.down) return failed(Code::kTransient, "unreachable");
  if (weather.refuses && changes) return failed(Code::kPermission, "forbidden");
  if (bucket.random.percent(weather.transient)) return failed(Code::kTransient, "reset");
  return {};
}

Status BucketStore::after(const char* what, const std::string& key) {
  if (unplugged) return make_error(Code::kCancelled, "the process is dead");
  if (!weather_ || !bucket_->random.percent(bucket_->weather.lost_answer)) return {};
  ++bucket_->failures;
  return make_error(Code::kTransient, std::string(what) + " " + key + ": no answer");
}

Result<Bucket::Object> BucketStore::find(const std::string& key) const {
  const auto found = bucket_->objects.find(key);
  if (found == bucket_->objects.end()) return make_error(Code::kNotFound, key + ": not found");
  return found->second;
}

Result<streamd::storage::Capabilities> BucketStore::probe(const Call& call) {
  TRY(before("probe", "", false, call));
  return streamd::storage::Capabilities{true, true, true, 0, 1000, 0, 0};
}

Result<ObjectStat> BucketStore::put(const std::string& key, const streamd::ByteSource& source,
                                    const streamd::storage::PutOptions& options, const Call& call) {
  TRY(before("put", key, true, call));
  auto bytes = std::make_shared<streamd::Bytes>(source.size());
  TRY(source.read_at(0, *bytes));
  if (options.if_absent && bucket_->objects.contains(key))
    return make_error(Code::kExists, "put " + key + ": exists");
  const Bucket::Object object{std::move(bytes), kStoreEpoch + elapsed()};
  bucket_->objects[key] = object;
  ++objects_put;
  TRY(after("put", key));
  return stat_of(object);
}

Result<ObjectStat> BucketStore::get(const std::string& key, std::uint64_t offset,
                                    std::uint64_t length, const streamd::storage::Sink& sink,
                                    const Call& call) {
  TRY(before("get", key, false, call));
  const Bucket::Object object = TRY(find(key));
  const std::uint64_t size = object.bytes->size();
  const bool whole = length == streamd::storage::kToTheEnd;
  if (offset > size || (!whole && length > size - offset))
    return make_error(Code::kCorrupt, "get " + key + ": too short");
  auto left = streamd::ByteView(*object.bytes).subspan(offset, whole ? size - offset : length);
  while (!left.empty()) {
    const auto part = left.first(std::min(kChunk, left.size()));
    TRY(sink(part));
    left = left.subspan(part.size());
    if (weather_ && !left.empty() && bucket_->random.percent(bucket_->weather.transient))
      return make_error(Code::kTransient, "get " + key + ": cut off");
  }
  return stat_of(object);
}

Result<ObjectStat> BucketStore::stat(const std::string& key, const Call& call) {
  TRY(before("stat", key, false, call));
  return stat_of(TRY(find(key)));
}

Status BucketStore::list(const std::string& prefix, const std::string& start_after,
                         const streamd::storage::ListSink& sink, const Call& call) {
  TRY(before("list", prefix, false, call));
  std::vector<std::pair<std::string, ObjectStat>> found;
  for (auto at = bucket_->objects.lower_bound(prefix);
       at != bucket_->objects.end() && at->first.starts_with(prefix); ++at)
    if (start_after.empty() || at->first > start_after)
      found.emplace_back(at->first, stat_of(at->second));
  const bool cut = weather_ && bucket_->random.percent(bucket_->weather.cut_list);
  const std::size_t cut_at = cut ? bucket_->random.below(found.size() + 1) : found.size() + 1;
  for (std::size_t i = 0; i < found.size(); ++i) {
    if (i == cut_at) return make_error(Code::kTransient, "list " + prefix + ": cut off");
    TRY(sink(found[i].first, found[i].second));
  }
  return cut ? Status(make_error(Code::kTransient, "list " + prefix + ": cut off")) : Status{};
}

Status BucketStore::remove(std::span<const std::string> keys, const Call& call) {
  for (const std::string& key : keys) {
    TRY(before("remove", key, true, call));
    bucket_->objects.erase(key);
    TRY(after("remove", key));
  }
  return {};
}

}  // namespace simulation
