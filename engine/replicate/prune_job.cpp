#include "replicate/prune_job.h"

namespace streamd::replicate {
namespace {

PruneView seen_by(const UpkeepView& view) {
  return {view.generation, view.acknowledged, view.snapshot, view.now, 0};
}

}  // namespace

std::optional<milliseconds> PruneJob::due_in(const UpkeepView& view) {
  return duty_.due_in(seen_by(view));
}

Status PruneJob::run(const UpkeepContext& context) {
  const PrunePlace place{context.replica, context.database, context.state_folder,
                         context.store,   context.call,     context.clock};
  PruneView view = seen_by(context.view);
  view.oldest = contents_.oldest();
  Status pruned = duty_.run(view, place);
  UpkeepDone done;
  for (const catalog::Listed& object : duty_.removed()) {
    forget(object);
    ++done.objects_removed;
    done.bytes_removed += object.size;
  }
  context.count(done);
  return pruned;
}

// What is gone is merged no more.
void PruneJob::forget(const catalog::Listed& object) {
  const catalog::Key key = catalog::parse_key(object.key);
  if (const auto* snapshot = std::get_if<catalog::SnapshotKey>(&key)) contents_.remove(*snapshot);
  if (const auto* piece = std::get_if<catalog::SegmentKey>(&key)) {
    catalog::SegmentKey segment = *piece;
    segment.piece.index = segment.piece.count;
    contents_.remove(segment);
    cache_.drop(segment);
  }
}

}  // namespace streamd::replicate
