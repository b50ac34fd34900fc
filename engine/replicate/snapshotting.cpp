// A replica's snapshot: beside the sending.
#include "base/log.h"
#include "replicate/replica.h"
#include "replicate/snapshot.h"

namespace streamd::replicate {

MonoTime Replica::Snapshot::run(bool) {
  replica.snapshot();
  return MonoTime::max();
}

void Replica::snapshot() {
  const Status taken = take_snapshot();
  std::unique_lock lock(mutex_);
  snapshot_running_ = false;
  snapshot_moment_.reset();
  if (!taken && taken.error().code != Code::kCancelled) {
    snapshot_wanted_ = true;
    failed(taken.error());
  }
  wake();
  lock.unlock();
  changed_.notify_all();
  host_.replica_moved();
}

Status Replica::take_snapshot() {
  Joined joined;
  std::set<std::string> known;
  {
    const std::lock_guard lock(mutex_);
    if (!joined_) return {};  // a new generation has begun: joining it asks for a snapshot
    joined = *joined_;
    known = known_parts_;
  }
  TRY(make_folders(settings_.state_folder));
  PartTable table =
      TRY(PartTable::open(join_path(settings_.state_folder, "parts"), joined.identity.database,
                          joined.page_size, pages_per_part(joined.page_size)));
  for (std::uint32_t number = 0; number < table.size(); ++number)
    if (const auto& part = table.part(number);
        part && (part->key.generation != joined.identity.generation ||
                 !known.contains(catalog::to_text(part->key)))) {
      // The replica has lost it. And a manifest names only parts of its generation.
      TRY(table.forget(number));
    }
  const MonoTime began = clock_.mono();
  Snapshotter snapshotter(host_, fenced_, joined.identity, joined.page_size, table, call(),
                          [this](const std::string& key) {
                            const std::lock_guard lock(mutex_);
                            known_parts_.insert(key);
                          });
  const SnapshotResult result = TRY(snapshotter.take([&](Txid txid, Micros time) {
    const std::lock_guard lock(mutex_);
    snapshot_moment_ = {txid, time};
    contents_.add_border(joined.identity.generation, txid);
  }));
  contents_.add({joined.identity.generation, result.txid, result.time}, result.manifest_bytes);
  {
    const std::lock_guard lock(mutex_);
    if (!joined_ || joined_->identity.generation != joined.identity.generation) return {};
    // What still waits here is history that the snapshot does not hold: it is sent all the same.
    if (!restorable_ || dropped_ || !spool_leads_to(result.txid))
      move_to({result.txid, result.checksum, result.time});
    restorable_ = true;
    now_restorable({result.txid, result.txid, result.time, result.time});
    ++status_.snapshots_taken;
    status_.snapshot = result.txid;
    status_.snapshot_time = result.time;
    recovered();
  }
  const auto took = std::chrono::duration_cast<milliseconds>(clock_.mono() - began);
  log_info("snapshot taken", {{"database", host_.database_path()},
                              {"replica", settings_.name},
                              {"generation", to_text(joined.identity.generation)},
                              {"txid", result.txid.value},
                              {"parts", result.parts_sent},
                              {"reused", result.parts_reused},
                              {"bytes", result.bytes_sent},
                              {"ms", took.count()}});
  return {};
}

}  // namespace streamd::replicate
