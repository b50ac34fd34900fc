// Takes a snapshot of a live database into one replica: parts for what changed, then the manifest
// that makes it exist (docs/formats/replica.md). Never holds the log for longer than a part takes
// to read, stages at most one part per thread, and goes on where an interrupted one stopped.
#pragma once
#include <functional>
#include <mutex>
#include <vector>

#include "replicate/host.h"
#include "replicate/part_table.h"
#include "storage/store.h"

namespace streamd::replicate {

struct SnapshotResult {
  Txid txid;
  Micros time = 0;  // of the moment it shows
  std::uint64_t parts_sent = 0, parts_reused = 0, bytes_sent = 0;
};

class Snapshotter {
 public:
  // Borrows everything; the table is the replica's.
  Snapshotter(ReplicaHost& host, storage::Store& store, const state::Identity& identity,
              std::uint32_t page_size, PartTable& table, const Cancel& cancel);

  // Blocks until the manifest is acknowledged. `moment_fixed` is called on the pipeline's thread
  // when T is decided, before any later commit is captured.
  Result<SnapshotResult> take(const std::function<void(Txid, Micros)>& moment_fixed);

 private:
  Result<std::vector<std::uint32_t>> stale_parts();
  Status send_parts(const std::vector<std::uint32_t>& numbers);
  Status send_part(std::uint32_t number);
  Result<segment::SealedObject> seal_manifest(Moment& moment);
  Status put(const std::string& key, const File& file);
  segment::ObjectHeader header(const state::Tip& tip) const;

  ReplicaHost& host_;
  storage::Store& store_;
  const state::Identity& identity_;
  const std::uint32_t page_size_;
  PartTable& table_;
  std::mutex table_mutex_;
  const Cancel& cancel_;
  SnapshotResult result_;
};

// Pages in a part: 16 MiB.
constexpr std::uint32_t pages_per_part(std::uint32_t page_size) {
  return (16u << 20) / page_size;
}

}  // namespace streamd::replicate
