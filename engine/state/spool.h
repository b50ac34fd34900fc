// Sealed objects that are durable here and not yet acknowledged by every replica. A sealed object
// is the only commit point of the local state. Any thread.
#pragma once
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/file.h"
#include "catalog/key.h"
#include "segment/writer.h"

namespace streamd::state {

// Never changes once it is in the spool.
struct SpoolObject {
  catalog::SegmentKey key;  // of its last piece
  segment::ObjectHeader header;
  std::vector<std::string> paths;  // one per piece, in order
  std::uint64_t size = 0;          // bytes, all pieces
};
using SpoolObjectPtr = std::shared_ptr<const SpoolObject>;

class Spool {
 public:
  // Removes what an interrupted seal left; kCorrupt names an object that cannot be read.
  static Result<std::unique_ptr<Spool>> open(const std::string& folder);

  Result<File> new_file();  // temporary, empty; gone at the next open unless committed
  // Syncs, renames and syncs the folder: durable when it returns. Pieces of one segment in order.
  Result<SpoolObjectPtr> commit(std::vector<segment::SealedObject> pieces);

  std::vector<SpoolObjectPtr> objects() const;  // by txid
  std::vector<SpoolObjectPtr> objects_after(
      Txid txid) const;  // whose last transaction lies after it
  Status remove(const std::vector<SpoolObjectPtr>& objects);
  std::uint64_t bytes() const;

 private:
  explicit Spool(std::string folder) : folder_(std::move(folder)) {}
  Status load();
  const std::string folder_;
  mutable std::mutex mutex_;
  std::vector<SpoolObjectPtr> objects_;
  std::uint64_t bytes_ = 0;
};

// The name of an object in the spool, and of its counterpart in a replica.
catalog::SegmentKey key_of(const segment::ObjectHeader& header);

}  // namespace streamd::state
