#include "retention/prune.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

#include "base/source.h"
#include "segment/reader.h"

namespace streamd::retention {
namespace {

constexpr char kClockKey[] = ".streamd-clock";  // written and removed, to learn the store's time
constexpr std::size_t kBatch = 1000;
constexpr std::size_t kRefusals = 8;  // of single objects; then the rest of its kind is not tried

template <class KeyOfKind>
std::vector<catalog::Listed> to_remove(const Decisions& decisions) {
  std::vector<catalog::Listed> objects;
  for (const Decision& decision : decisions.objects)
    if (decision.fate == Fate::kRemove &&
        std::holds_alternative<KeyOfKind>(catalog::parse_key(decision.object.key)))
      objects.push_back(decision.object);
  return objects;
}

bool refuses(const Error& error) {
  return error.code == Code::kPermission || error.code == Code::kUnsupported;
}

}  // namespace

Result<std::vector<catalog::Listed>> Pruner::list(const storage::Call& call) {
  std::vector<catalog::Listed> listing;
  const auto note = [&](const std::string& key, const storage::ObjectStat& stat) -> Status {
    listing.push_back({key, stat.size, stat.mtime_ns});
    return {};
  };
  TRY(store_.list("", "", note, call));
  return listing;
}

// Remembers which parts it names. One that is gone, or damaged, stays unknown.
Status Pruner::read_manifest(const std::string& key, std::uint64_t size,
                             const storage::Call& call) {
  if (unreadable_.contains(key)) return {};
  const auto source = storage::object_source(store_, key, size, call);
  auto reader = segment::ObjectReader::open(*source);
  if (reader && !reader->index().manifest) reader = make_error(Code::kCorrupt, "it is no manifest");
  if (!reader) {
    Error error = std::move(reader.error()).with_context("read object " + key);
    if (error.code == Code::kNotFound) return {};
    if (error.code != Code::kCorrupt && error.code != Code::kUnsupported) return error;
    unreadable_.insert(key);
    if (error.hint.empty()) error.hint = kDamageHint;
    report_.damaged.push_back(std::move(error));
    return {};
  }
  std::set<std::string>& names = parts_[key];
  for (const segment::ManifestPart& part : reader->index().manifest->parts) names.insert(part.key);
  return {};
}

Result<Decisions> Pruner::decide_known(std::span<const catalog::Listed> listing, Micros now,
                                       const Rules& rules, const storage::Call& call) {
  Decisions decisions = TRY(decide(listing, parts_, now, rules));
  if (decisions.unread.empty()) return decisions;
  for (const std::string& key : decisions.unread) {
    const auto object = std::find_if(listing.begin(), listing.end(),
                                     [&](const catalog::Listed& each) { return each.key == key; });
    TRY(read_manifest(key, object->size, call));
  }
  return decide(listing, parts_, now, rules);
}

// As if what cannot be relied on were not there.
Result<Decisions> Pruner::decide_all(const std::vector<catalog::Listed>& listing, Micros now,
                                     const Rules& rules, const storage::Call& call) {
  report_.damaged.clear();
  unsound_.clear();
  unreadable_.clear();
  std::vector<catalog::Listed> sound = listing;
  for (;;) {
    Decisions decisions = TRY(decide_known(sound, now, rules, call));
    const std::set<std::string> unsound = TRY(find_unsound(decisions, call));
    if (unsound.empty()) return with_unsound(listing, std::move(decisions));
    std::erase_if(sound, [&](const catalog::Listed& each) { return unsound.contains(each.key); });
    unsound_.insert(unsound.begin(), unsound.end());
  }
}

Status Pruner::explain(const Rules& rules, const storage::Call& call) {
  report_ = {};
  const auto listing = TRY(list(call));
  report_.decisions = TRY(decide_all(listing, clock_.wall_micros(), rules, call));
  return {};
}

// The store's clock is the one that its times of objects come from.
Result<Micros> Pruner::store_time(const storage::Call& call) {
  const std::string key = kClockKey;
  const MemorySource source(as_bytes(key));
  TRY(store_.remove({&key, 1}, call));
  const Micros before = clock_.wall_micros();
  TRY(store_.put(key, source, {}, call));
  const storage::ObjectStat stat = TRY(store_.stat(key, call));
  const Micros after = clock_.wall_micros();
  TRY(store_.remove({&key, 1}, call));
  const Micros there = stat.mtime_ns / 1000;
  if (there >= before - kClockSkew && there <= after + kClockSkew) return there;
  return make_error(
      Code::kUnsupported,
      fmt::format(
          "prune: the storage says it is {}, this machine {}: by such clocks nothing can be "
          "called old",
          format_time(there, 0), format_time(after, 0)),
      "set this machine's clock, or the one of the storage, and prune again");
}

// Halves what is refused until what is left are the objects that the store will not let go.
Status Pruner::remove_some(std::span<const catalog::Listed> objects, Refusal& refusal,
                           const storage::Call& call) {
  if (refusal.objects >= kRefusals) {
    refusal.objects += objects.size();
    return {};
  }
  std::vector<std::string> keys;
  for (const catalog::Listed& object : objects) keys.push_back(object.key);
  Status removed = store_.remove(keys, call);
  if (removed) {
    report_.removed.insert(report_.removed.end(), objects.begin(), objects.end());
    return {};
  }
  if (!refuses(removed.error())) return removed;
  if (objects.size() == 1) {
    if (refusal.objects++ == 0) refusal.error = std::move(removed.error());
    return {};
  }
  TRY(remove_some(objects.first(objects.size() / 2), refusal, call));
  return remove_some(objects.subspan(objects.size() / 2), refusal, call);
}

Status Pruner::remove(const char* what, const std::vector<catalog::Listed>& objects,
                      const storage::Call& call) {
  Refusal refusal{what, 0, {}};
  const std::span all(objects);
  for (std::size_t at = 0; at < objects.size(); at += kBatch)
    TRY(remove_some(all.subspan(at, std::min(kBatch, objects.size() - at)), refusal, call));
  if (refusal.objects > 0) report_.refused.push_back(std::move(refusal));
  return {};
}

// What a manifest names stays as long as the manifest is there, also one that could not be removed.
Status Pruner::remove_parts(Micros now, const Rules& rules, const storage::Call& call) {
  const auto listing = TRY(list(call));
  const Decisions decisions = TRY(decide_all(listing, now, rules, call));
  std::set<std::string> named;
  for (const catalog::Listed& object : listing) {
    const catalog::Key key = catalog::parse_key(object.key);
    if (!std::holds_alternative<catalog::SnapshotKey>(key)) continue;
    if (!parts_.contains(object.key)) TRY(read_manifest(object.key, object.size, call));
    const auto known = parts_.find(object.key);
    if (known == parts_.end()) return {};  // the next prune knows more
    named.insert(known->second.begin(), known->second.end());
  }
  std::vector<catalog::Listed> parts = to_remove<catalog::PartKey>(decisions);
  std::erase_if(parts, [&](const catalog::Listed& part) { return named.contains(part.key); });
  return remove("parts", parts, call);
}

Status Pruner::prune(const Rules& rules, const storage::Call& call) {
  report_ = {};
  const auto listing = TRY(list(call));
  Decisions decisions = TRY(decide_all(listing, clock_.wall_micros(), rules, call));
  if (decisions.count(Fate::kRemove) > 0) {
    const Micros now = TRY(store_time(call));
    decisions = TRY(decide_all(listing, now, rules, call));
    TRY(remove("snapshots", to_remove<catalog::SnapshotKey>(decisions), call));
    TRY(remove("segments", to_remove<catalog::SegmentKey>(decisions), call));
    if (!to_remove<catalog::PartKey>(decisions).empty()) TRY(remove_parts(now, rules, call));
  }
  report_.decisions = std::move(decisions);
  return {};
}

}  // namespace streamd::retention
