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
  // Removes what an interrupted or failed commit left. An object that cannot be read is set aside
  // (renamed to damaged-...) and logged: what it held is missing then, as a hole in the sequence.
  static Result<std::unique_ptr<Spool>> open(const std::string& folder);

  // From now on new_file() is refused while less than this is free on the disk: it is left to
  // others. Before any other thread uses the spool.
  void leave_free(std::uint64_t bytes) { leave_free_ = bytes; }
  // Can an object be written again? kNoSpace, or what else is in the way; one of a few kilobytes is
  // tried.
  Status probe();
  Result<File> new_file();  // temporary, empty; gone at the next open unless committed
  // Syncs, renames and syncs the folder: durable when it returns. Pieces of one segment in order.
  // After an error nothing of it is in the spool.
  Result<SpoolObjectPtr> commit(std::vector<segment::SealedObject> pieces);

  std::vector<SpoolObjectPtr> objects() const;  // by txid
  // Those of a generation whose last transaction lies after `txid`.
  std::vector<SpoolObjectPtr> objects_after(GenerationId generation, Txid txid) const;
  // The same, as figures.
  struct Waiting {
    std::uint64_t bytes = 0;
    Micros since = 0;  // when the oldest transaction among them was seen; 0 = there are none
  };
  Waiting waiting_after(GenerationId generation, Txid txid) const;
  Status remove(const std::vector<SpoolObjectPtr>& objects);
  // It turned out to be damaged or lost: what is left of it is renamed as open() does, and it is no
  // longer in the spool.
  Status set_aside(const SpoolObjectPtr& object, const Error& cause);
  std::uint64_t bytes() const;

 private:
  explicit Spool(std::string folder) : folder_(std::move(folder)) {}
  Status load();
  Status add_files();  // every readable object that is complete
  Status drop_strays();
  std::size_t forget(const std::vector<SpoolObjectPtr>& objects);  // how many were there
  const std::string folder_;
  mutable std::mutex mutex_;
  std::vector<SpoolObjectPtr> objects_;
  std::uint64_t bytes_ = 0, leave_free_ = 0;
};

}  // namespace streamd::state
