// What removals rely on: a merged object that covers others, a snapshot that leads past what is
// older. A name in a listing proves nothing, so these are looked at before anything goes.
#include <algorithm>

#include "retention/prune.h"
#include "retention/whole.h"

namespace streamd::retention {
namespace {

bool says_damage(const Error& error) {
  return error.code == Code::kCorrupt || error.code == Code::kNotFound ||
         error.code == Code::kUnsupported;
}

Error incomplete(const std::string& manifest, const std::string& part) {
  return make_error(Code::kCorrupt,
                    "snapshot " + manifest + " is incomplete: its part " + part + " is missing",
                    kDamageHint);
}

}  // namespace

// Every generation of which something goes loses what its snapshots were to stand for.
Result<std::set<std::string>> Pruner::find_unsound(const Decisions& decisions,
                                                   const storage::Call& call) {
  std::set<std::string> unsound, there;
  std::set<GenerationId> losing;
  std::map<std::string, catalog::Segment> covering;
  for (const Decision& each : decisions.objects) {
    there.insert(each.object.key);
    if (each.fate != Fate::kRemove) continue;
    const catalog::Key key = catalog::parse_key(each.object.key);
    if (!std::holds_alternative<catalog::PartKey>(key)) losing.insert(catalog::generation_of(key));
    if (each.by) covering.emplace(catalog::to_text(each.by->key), *each.by);
  }
  for (const auto& [name, segment] : covering)
    if (!TRY(is_whole(segment, call)))
      for (std::uint32_t i = 1; i <= segment.key.piece.count; ++i)
        unsound.insert(catalog::to_text(segment.piece(i)));
  for (const Decision& each : decisions.objects) {
    const catalog::Key key = catalog::parse_key(each.object.key);
    if (each.fate == Fate::kRemove || !std::holds_alternative<catalog::SnapshotKey>(key)) continue;
    if (losing.contains(catalog::generation_of(key)) && !TRY(is_complete(each.object, there, call)))
      unsound.insert(each.object.key);
  }
  return unsound;
}

Result<bool> Pruner::is_whole(const catalog::Segment& segment, const storage::Call& call) {
  const std::string name = catalog::to_text(segment.key);
  if (whole_.contains(name)) return true;
  Status proven = prove_whole(store_, segment, std::nullopt, call);
  if (proven) {
    whole_.insert(name);
    return true;
  }
  if (!says_damage(proven.error())) return std::move(proven.error());
  Error& damage = proven.error();
  if (damage.hint.empty()) damage.hint = kDamageHint;
  report_.damaged.push_back(std::move(damage));
  return false;
}

Result<bool> Pruner::is_complete(const catalog::Listed& manifest,
                                 const std::set<std::string>& there, const storage::Call& call) {
  if (!parts_.contains(manifest.key)) TRY(read_manifest(manifest.key, manifest.size, call));
  const auto known = parts_.find(manifest.key);
  if (known == parts_.end()) return false;
  for (const std::string& part : known->second) {
    if (there.contains(part)) continue;
    report_.damaged.push_back(incomplete(manifest.key, part));
    return false;
  }
  return true;
}

// In the order of the listing again. What an unsound manifest may name stays with it.
Decisions Pruner::with_unsound(std::span<const catalog::Listed> listing,
                               Decisions decisions) const {
  if (unsound_.empty()) return decisions;
  std::set<GenerationId> doubtful;
  for (const std::string& name : unsound_)
    if (const catalog::Key key = catalog::parse_key(name);
        std::holds_alternative<catalog::SnapshotKey>(key))
      doubtful.insert(catalog::generation_of(key));
  Decisions all;
  all.unread = std::move(decisions.unread);
  auto next = decisions.objects.begin();
  for (const catalog::Listed& object : listing) {
    if (unsound_.contains(object.key)) {
      all.objects.push_back({object, Fate::kKeep, "damaged: nothing goes because of it"});
      continue;
    }
    const catalog::Key key = catalog::parse_key(object.key);
    if (std::holds_alternative<catalog::PartKey>(key) &&
        doubtful.contains(catalog::generation_of(key)))
      *next = {object, Fate::kKeep, "a damaged snapshot may name it"};
    all.objects.push_back(std::move(*next++));
  }
  return all;
}

}  // namespace streamd::retention
