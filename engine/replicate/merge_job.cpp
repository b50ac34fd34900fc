#include "replicate/merge_job.h"

#include <algorithm>

#include "base/log.h"
#include "base/source.h"
#include "replicate/temporary.h"
#include "state/changed_pages.h"

namespace streamd::replicate {
namespace {

// Is what lies there the object that was put? Its footer stands for all of it.
Status prove(const std::string& key, const segment::SealedObject& object,
             const UpkeepContext& context) {
  const auto stat = context.store.stat(key, context.call);
  if (!stat) return Error(stat.error());
  segment::FooterBytes ours{}, theirs{};
  TRY(object.file.read_at(object.size - ours.size(), ours));
  if (stat->size == object.size)
    TRY(storage::object_source(context.store, key, stat->size, context.call)
            ->read_at(object.size - theirs.size(), theirs));
  if (stat->size == object.size && ours == theirs) return {};
  return make_error(Code::kTransient, "merge into " + key + ": what lies there is not what was put",
                    "it is put again; what it was made from stays until then");
}

// Whole, and the object that its name says. kCorrupt otherwise.
Status verify(const File& file, const catalog::SegmentKey& key, const state::Identity& identity) {
  const FileSource source = TRY(FileSource::over(file));
  const auto reader = TRY(segment::ObjectReader::open(source));
  if (reader.header().database != identity.database ||
      catalog::to_text(segment::key_of(reader.header())) != catalog::to_text(key))
    return make_error(Code::kCorrupt, "it is another object than its name says");
  for (std::size_t i = 0; i < reader.blocks(); ++i) TRY(reader.read_block(i));
  return {};
}

}  // namespace

MergeJob::MergeJob(const MergeSettings& settings, Contents& contents, MergeCache& cache)
    : contents_(contents), cache_(cache) {
  rules_.settled = settings.settled_bytes;
}

std::optional<milliseconds> MergeJob::due_in(const UpkeepView& view) {
  const bool due = more_ || asked_ || view.generation != generation_ ||
                   view.snapshot != snapshot_ || view.objects_sent >= plan_again_at_ ||
                   contents_.forgotten() != forgotten_;
  return due ? std::optional(milliseconds(0)) : std::nullopt;
}

// What an earlier life has kept and nobody will merge goes.
void MergeJob::begin(GenerationId generation) {
  generation_ = generation;
  alone_.clear();
  damage_.reset();
  std::set<std::string> wanted;
  const Contents::View view = contents_.view();
  for (const auto& [level, segments] : view.generation.segments)
    for (const catalog::Segment& segment : segments) wanted.insert(to_text(segment.key));
  for (const catalog::Covered& each : catalog::covered_segments(view.generation))
    wanted.erase(to_text(each.segment->key));
  cache_.keep_only(wanted);
}

Status MergeJob::run(const UpkeepContext& context) {
  if (context.view.generation != generation_) begin(context.view.generation);
  snapshot_ = context.view.snapshot;
  plan_again_at_ = context.view.objects_sent + rules_.fan_in;
  forgotten_ = contents_.forgotten();
  more_ = true;  // also after a failure
  asked_ = false;
  const Contents::View known = contents_.view();
  std::set<Txid> borders = known.borders;
  borders.insert(alone_.begin(), alone_.end());
  const auto merges = catalog::due_merges(known.generation, rules_, borders);
  std::uint64_t bytes = 0;
  for (const catalog::Merge& each : merges) {
    TRY(merge(each, context));
    bytes += each.bytes;
    if (bytes >= kTurnBytes) break;
  }
  more_ = !merges.empty();
  return damage_ && !more_ ? Status(*damage_) : Status{};
}

Status MergeJob::merge(const catalog::Merge& merge, const UpkeepContext& context) {
  const std::optional<Made> made = TRY(make(merge, context));
  if (!made) return {};
  const segment::SealedObject& object = made->object;
  const Temporary temporary(object.file.path());
  const catalog::SegmentKey key = segment::key_of(object.header);
  const std::string name = catalog::to_text(key);
  const FileSource source = TRY(FileSource::over(object.file));
  TRY(context.store.put(name, source, {}, context.call));
  TRY(prove(name, object, context));
  contents_.add(key, {object.size});
  if (object.size < rules_.settled) cache_.keep_moved(key, object.file.path());
  for (std::size_t i = 0; i < made->inputs; ++i) cache_.drop(merge.inputs[i]);
  context.count({1, made->inputs, object.size, 0, 0});
  log_info("merged", {{"database", context.database},
                      {"replica", context.replica},
                      {"level", static_cast<int>(key.level)},
                      {"objects", made->inputs},
                      {"bytes", object.size},
                      {"txid", key.last.value}});
  return {};
}

// nullopt when it cannot be: what is in the way is left alone from now on.
Result<std::optional<MergeJob::Made>> MergeJob::make(const catalog::Merge& merge,
                                                     const UpkeepContext& context) {
  segment::ObjectHeader header;
  header.level = merge.level;
  header.instance = context.identity.instance;
  File out = TRY(context.host.spool().new_file());
  Temporary temporary(out.path());
  segment::Concatenation merged(std::move(out), header);
  std::size_t count = 0;
  for (const catalog::SegmentKey& key : merge.inputs) {
    auto file = open_input(key, context);
    if (!file && state::is_lost(file.error()))
      return damaged(key, std::move(file.error())), std::optional<Made>{};
    const File input = TRY(std::move(file));
    const FileSource source = TRY(FileSource::over(input));
    const auto reader = TRY(segment::ObjectReader::open(source));
    if (!merged.has_room_for(reader)) break;
    Status added = merged.add(reader);
    if (!added && added.error().code == Code::kInternal)  // it does not continue the others
      return damaged(key, std::move(added.error())), std::optional<Made>{};
    TRY(std::move(added));
    ++count;
  }
  if (count < 2) return leave_alone(merge.inputs.front()), std::optional<Made>{};
  Made made{TRY(merged.finish()), count};
  temporary.release();
  return std::optional(std::move(made));
}

// From the cache if it is whole there, else from the replica. kCorrupt or kNotFound when the
// replica has lost it.
Result<File> MergeJob::open_input(const catalog::SegmentKey& key, const UpkeepContext& context) {
  if (auto cached = cache_.open(key)) {
    if (verify(*cached, key, context.identity)) return std::move(*cached);
    cache_.drop(key);
  }
  File file = TRY(fetch(key, context));
  TRY(verify(file, key, context.identity));
  return file;
}

Result<File> MergeJob::fetch(const catalog::SegmentKey& key, const UpkeepContext& context) {
  File file = TRY(context.host.spool().new_file());
  TRY(remove_file(file.path()));  // it goes with its descriptor
  std::uint64_t end = 0;
  const auto write = [&](ByteView bytes) -> Status {
    TRY(file.write_at(end, bytes));
    end += bytes.size();
    return {};
  };
  TRY(context.store.get(catalog::to_text(key), 0, storage::kToTheEnd, write, context.call));
  return file;
}

void MergeJob::leave_alone(const catalog::SegmentKey& key) {
  alone_.insert(key.first.prior());
  alone_.insert(key.last);
}

void MergeJob::damaged(const catalog::SegmentKey& key, Error error) {
  leave_alone(key);
  damage_ = std::move(error).with_context("merge " + catalog::to_text(key));
  if (damage_->hint.empty())
    damage_->hint =
        "restores that need it fail; another replica may have it, and the next snapshot "
        "leads past it";
}

}  // namespace streamd::replicate
