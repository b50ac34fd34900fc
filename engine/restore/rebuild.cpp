#include "restore/rebuild.h"

#include <fmt/format.h>

#include <algorithm>

#include "restore/advance.h"
#include "restore/cached_pages.h"

namespace streamd::restore {
namespace {

using segment::Kind;
using segment::ObjectHeader;

constexpr int kRounds = 5;   // plans for objects that were gone
constexpr int kDamaged = 5;  // objects to go around

// Is it the one that the plan begins with?
Status check_manifest(const ObjectHeader& header, const catalog::Marker& marker, const Plan& plan) {
  const std::string& key = plan.manifest->key;
  TRY(check_object(header, Kind::kManifest, marker, 0, key));
  if (header.generation == plan.moment.generation && header.last == plan.snapshot.txid) return {};
  return wrong_object(key, "it is another snapshot than its name says");
}

// The state of one restore: what is in the file so far.
class Rebuild {
 public:
  Rebuild(storage::Store& store, const Inventory& inventory, File& file,
          const RebuildOptions& options)
      : store_(store),
        marker_(*inventory.marker),
        file_(file),
        options_(options),
        workers_(options.threads != 0 ? options.threads
                                      : std::max(1u, std::thread::hardware_concurrency())) {
    call_.cancel = options.cancel;
  }

  Result<Rebuilt> run(Plan plan);

 private:
  Status follow(Plan& plan);
  Status snapshot(Plan& plan);
  Status take_manifest(Plan& plan, const segment::ObjectReader& reader);
  Status part(Fetcher& fetcher, std::size_t i, const Plan& plan, std::vector<PageNo>& own);
  Status segments(const Plan& plan);
  Status check_header(const ObjectHeader& header, Kind kind, const std::string& key) const;
  Result<Plan> plan_again(const Plan& failed);
  Result<Plan> plan_for_missing(const Plan& failed, const Error& error);
  Result<Plan> plan_around(const Plan& failed, Error damage);
  bool needs_the_same(const Plan& failed, const Plan& next) const;
  Status forget();
  void count(const PlannedObject& object, const char* phase);

  storage::Store& store_;
  const catalog::Marker marker_;
  File& file_;
  const RebuildOptions& options_;
  Workers workers_;
  storage::Call call_;
  std::optional<PlainPages> plain_;
  std::optional<CachedPages> pages_;
  std::optional<Applier> applier_;
  Rebuilt done_;
  std::uint64_t total_ = 0;
  Reached reached_;
  int rounds_ = 0;                  // plans for objects that were gone
  std::set<std::string> left_out_;  // damaged snapshots and segments, see leave_out()
  std::set<std::string> bad_parts_;
  std::string part_;             // that is read
  std::optional<Error> damage_;  // the first
  int damaged_ = 0;              // objects
};

void Rebuild::count(const PlannedObject& object, const char* phase) {
  done_.fetched += object.size;
  if (options_.progress) options_.progress({phase, done_.fetched, std::max(total_, done_.fetched)});
}

Status Rebuild::check_header(const ObjectHeader& header, Kind kind, const std::string& key) const {
  return check_object(header, kind, marker_, reached_.page_size, key);
}

Status Rebuild::take_manifest(Plan& plan, const segment::ObjectReader& reader) {
  const ObjectHeader& header = reader.header();
  TRY(check_manifest(header, marker_, plan));
  const segment::Manifest& manifest = *reader.index().manifest;
  TRY(add_parts(plan, manifest));
  for (const PlannedObject& part : plan.parts) {
    part_ = part.key;
    if (bad_parts_.contains(part_)) return wrong_object(part_, "it is damaged");
  }
  part_.clear();
  reached_.page_size = header.page_size;
  reached_.pages = header.pages_after;
  reached_.checksum = header.checksum_after;
  reached_.seen = header.last_seen;
  done_.uid = manifest.uid;
  done_.gid = manifest.gid;
  done_.mode = manifest.mode;
  plain_.emplace(file_, header.page_size);
  pages_.emplace(*plain_, header.page_size);
  applier_.emplace(*pages_, header.page_size, segment::ChecksumKey(marker_.checksum_key), workers_);
  return {};
}

std::vector<PageNo> pages_of(const segment::ObjectReader& reader) {
  std::vector<PageNo> pages;
  for (const segment::ImageRef& ref : reader.index().images) pages.push_back(ref.page);
  std::sort(pages.begin(), pages.end());
  return pages;
}

Status Rebuild::part(Fetcher& fetcher, std::size_t i, const Plan& plan, std::vector<PageNo>& own) {
  const PlannedObject& planned = plan.parts[i];
  const auto opened = TRY(fetcher.open(i));
  const ObjectHeader& header = opened.reader->header();
  TRY(check_header(header, Kind::kPart, planned.key));
  if (header.generation != plan.moment.generation || header.last > plan.snapshot.txid)
    return wrong_object(planned.key, "it is another part than its name says");
  if (Status applied = applier_->apply_pages(fetcher, opened, reached_.pages, own); !applied)
    return in_object(std::move(applied.error()), planned.key);
  file_.begin_sync();
  fetcher.release();
  count(planned, "snapshot");
  return {};
}

Status Rebuild::snapshot(Plan& plan) {
  TRY(forget());
  std::vector<PageNo> own;
  {
    Fetcher fetcher(store_, {{*plan.manifest, {}}}, options_.fetch, options_.cancel);
    const auto opened = TRY(fetcher.open(0));
    TRY(take_manifest(plan, *opened.reader));
    own = pages_of(*opened.reader);
    total_ = done_.fetched + plan.bytes();
    if (Status applied = applier_->apply_pages(fetcher, opened, reached_.pages, {}); !applied)
      return in_object(std::move(applied.error()), plan.manifest->key);
    count(*plan.manifest, "snapshot");
  }
  std::vector<FetchObject> objects;
  for (const PlannedObject& part : plan.parts) objects.push_back({part, {}});
  Fetcher fetcher(store_, std::move(objects), options_.fetch, options_.cancel);
  for (std::size_t i = 0; i < plan.parts.size(); ++i) {
    part_ = plan.parts[i].key;
    TRY(part(fetcher, i, plan, own));
  }
  part_.clear();
  if (Status proven = applier_->commit(reached_.pages, reached_.checksum); !proven)
    return in_object(std::move(proven.error()), plan.manifest->key);
  reached_.txid = plan.snapshot.txid;
  reached_.whole = true;
  return {};
}

Status Rebuild::segments(const Plan& plan) {
  AdvanceOptions how{options_.fetch, options_.cancel, {}, {}};
  how.fetched = [this](const PlannedObject& object) { count(object, "segments"); };
  return apply_segments(store_, marker_, plan, *applier_, reached_, how);
}

Status Rebuild::follow(Plan& plan) {
  if (plan.manifest) TRY(snapshot(plan));
  total_ = std::max(total_, done_.fetched + (plan.manifest ? 0 : plan.bytes()));
  return segments(plan);
}

Status Rebuild::forget() {
  reached_ = {};
  if (applier_) applier_->start_over();
  return file_.truncate(0);
}

// What is missing, by a new listing: from what is in the file if that is whole, else from a
// snapshot.
Result<Plan> Rebuild::plan_again(const Plan& failed) {
  Inventory now = TRY(take_inventory(store_, call_));
  if (!now.marker || !(*now.marker == marker_))
    return make_error(Code::kTransient, "restore: the replica was replaced while it was read");
  leave_out(now.timeline, left_out_);
  if (reached_.whole) {
    auto plan = continue_plan(now.timeline, failed.moment, reached_.txid);
    if (plan) return plan;
  }
  return make_plan(now.timeline, failed.moment);
}

// A new listing leads to the object that is gone: nothing has taken its place.
bool Rebuild::needs_the_same(const Plan& failed, const Plan& next) const {
  if (reached_.txid == Txid()) return next.manifest == failed.manifest;
  if (next.manifest &&
      (next.manifest != failed.manifest || next.segments.size() != failed.segments.size()))
    return false;
  return next.segments.size() <= failed.segments.size() &&
         std::equal(next.segments.rbegin(), next.segments.rend(), failed.segments.rbegin(),
                    [](const PlannedSegment& left, const PlannedSegment& right) {
                      return left.pieces == right.pieces;
                    });
}

Result<Plan> Rebuild::plan_for_missing(const Plan& failed, const Error& error) {
  if (++rounds_ == kRounds)
    return make_error(Code::kTransient,
                      fmt::format("restore: gave up after {} plans: {}", rounds_, error.message),
                      "objects are removed while they are read; try again, or stop pruning");
  Plan next = TRY(plan_again(failed));
  if (!needs_the_same(failed, next)) return next;
  return plan_around(
      failed, make_error(Code::kCorrupt, error.message + ": the object is missing, and nothing "
                                                         "is there in its place"));
}

// The objects of what leave_out() knows by one key.
std::vector<std::string> pieces_of(const Plan& plan, const std::string& key) {
  std::vector<std::string> keys;
  for (const PlannedSegment& segment : plan.segments)
    if (to_text(segment.key) == key)
      for (const PlannedObject& piece : segment.pieces) keys.push_back(piece.key);
  return keys.empty() ? std::vector{key} : keys;
}

// To the same moment without what is damaged: an older snapshot, or other segments, may lead there.
Result<Plan> Rebuild::plan_around(const Plan& failed, Error damage) {
  const std::string key = failed_in(failed, reached_.txid);
  if (!damage_) damage_ = std::move(damage);
  // A part that several snapshots need is read, counted and said once.
  const bool said = !part_.empty() && !bad_parts_.insert(part_).second;
  if (!said) ++damaged_;
  if (key.empty() || !left_out_.insert(key).second || damaged_ > kDamaged)
    return std::move(*damage_);
  for (const std::string& each : part_.empty() ? pieces_of(failed, key) : std::vector{part_})
    done_.damaged.insert(each);
  auto next = plan_again(failed);
  if (!next && next.error().code == Code::kCorrupt) return std::move(*damage_);
  if (next && !said)
    next->moment.notes.push_back("object " + (part_.empty() ? key : part_) +
                                 " is damaged; restored without it");
  part_.clear();
  return next;
}

Result<Rebuilt> Rebuild::run(Plan plan) {
  for (;;) {
    Status followed = follow(plan);
    if (followed) break;
    Error& error = followed.error();
    if (error.code != Code::kNotFound && error.code != Code::kCorrupt) return std::move(error);
    Plan next = TRY(error.code == Code::kNotFound ? plan_for_missing(plan, error)
                                                  : plan_around(plan, std::move(error)));
    next.newest = plan.newest;
    if (!next.manifest) {
      next.snapshot = plan.snapshot;
      next.parts = {};
    }
    plan = std::move(next);
  }
  done_.page_size = reached_.page_size;
  done_.pages = reached_.pages;
  done_.checksum = reached_.checksum;
  done_.seen = reached_.seen;
  if (TRY(file_.size()) != std::uint64_t{done_.pages} * done_.page_size)
    return make_error(Code::kIo,
                      "restore: " + file_.path() + " does not have the size it was given");
  done_.plan = std::move(plan);
  done_.hashes = applier_->take_hashes();
  return std::move(done_);
}

Result<Plan> with_parts(storage::Store& store, const catalog::Marker& marker, const Plan& plan,
                        const storage::Call& call) {
  Plan complete = plan;
  const auto source = storage::object_source(store, plan.manifest->key, plan.manifest->size, call);
  const auto reader = segment::ObjectReader::open(*source);
  if (!reader) return in_object(reader.error(), plan.manifest->key);
  TRY(check_manifest(reader->header(), marker, plan));
  complete.snapshot.time = reader->header().last_seen;  // the name has less of it
  TRY(add_parts(complete, *reader->index().manifest));
  return complete;
}

}  // namespace

Result<Rebuilt> rebuild(storage::Store& store, const Inventory& inventory, const Plan& plan,
                        File& file, const RebuildOptions& options) {
  return Rebuild(store, inventory, file, options).run(plan);
}

Result<Plan> complete_plan(storage::Store& store, const Inventory& inventory, const Plan& plan,
                           const storage::Call& call) {
  catalog::Timeline left = inventory.timeline;
  Plan next = plan;
  std::optional<Error> damage;  // the first
  for (int damaged = 1;; ++damaged) {
    auto complete = with_parts(store, *inventory.marker, next, call);
    if (complete || complete.error().code != Code::kCorrupt) return complete;
    if (!damage) damage = std::move(complete.error());
    if (damaged > kDamaged) return std::move(*damage);
    const std::string key = next.manifest->key;
    leave_out(left, {key});
    auto around = make_plan(left, next.moment);
    if (!around && around.error().code == Code::kCorrupt) return std::move(*damage);
    next = TRY(std::move(around));
    next.newest = plan.newest;
    next.moment.notes.push_back("object " + key + " is damaged; a restore does without it");
  }
}

}  // namespace streamd::restore
