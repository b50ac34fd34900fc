// Takes a snapshot of a live database into one replica: parts for what changed, then the manifest
// that makes it exist (docs/formats/replica.md). Never holds the log for longer than a part takes
// to read, stages at most one part per thread, and goes on where an interrupted one stopped.
#pragma once
#include <functional>
#include <mutex>
#include <optional>
#include <semaphore>
#include <vector>

#include "replicate/host.h"
#include "replicate/part_table.h"
#include "storage/store.h"

namespace streamd::replicate {

struct SnapshotResult {
  Txid txid;
  Micros time = 0;             // of the moment it shows
  std::uint64_t checksum = 0;  // of the database then
  std::uint64_t parts_sent = 0, parts_reused = 0, bytes_sent = 0, manifest_bytes = 0;
};

class Snapshotter {
 public:
  // Parts that are read and compressed at a time, however many are being uploaded: their pages are
  // what a snapshot needs memory for.
  static constexpr std::ptrdiff_t kMostInMemory = 2;

  // Borrows everything; the table is the replica's. `call` goes with every operation; it can be
  // cancelled. `part_put` is told the key of each part that is there and in the table by now,
  // whatever becomes of the snapshot; on any thread, one at a time.
  Snapshotter(ReplicaHost& host, storage::Store& store, const state::Identity& identity,
              std::uint32_t page_size, PartTable& table, const storage::Call& call,
              std::function<void(const std::string&)> part_put);

  // Blocks until the manifest is acknowledged. `moment_fixed` is called on the pipeline's thread
  // when T is decided, before any later commit is captured.
  Result<SnapshotResult> take(const std::function<void(Txid, Micros)>& moment_fixed);

 private:
  Result<std::vector<std::uint32_t>> stale_parts();
  Status send_parts(const std::vector<std::uint32_t>& numbers);
  struct Part {
    PartRecord record;
    File file;
    std::vector<std::uint64_t> hashes;
  };
  Status send_part(std::uint32_t number);
  Result<std::optional<Part>> make_part(std::uint32_t number);
  Result<segment::SealedObject> seal_manifest(Moment& moment);
  Status put(const std::string& key, const File& file);
  segment::ObjectHeader header(const state::Tip& tip) const;

  ReplicaHost& host_;
  storage::Store& store_;
  const state::Identity& identity_;
  const std::uint32_t page_size_;
  PartTable& table_;
  std::counting_semaphore<> in_memory_{kMostInMemory};
  std::mutex table_mutex_;
  const storage::Call call_;
  const Cancel& cancel_;
  const std::function<void(const std::string&)> part_put_;
  SnapshotResult result_;
};

// Pages in a part: 16 MiB.
constexpr std::uint32_t pages_per_part(std::uint32_t page_size) {
  return (16u << 20) / page_size;
}

}  // namespace streamd::replicate
