// One object from a moment that a replica has to now, made of the pages that changed meanwhile, as
// they are now: a `delta`, the way back after an outage longer than the spool, or a `last`.
#pragma once
#include <functional>
#include <optional>
#include <vector>

#include "replicate/host.h"
#include "segment/writer.h"
#include "state/changed_pages.h"

namespace streamd::replicate {

// The moment that the replica has: a delta begins after it.
struct Base {
  Txid txid;
  std::uint64_t checksum = 0;  // of the database
  Micros seen = 0;
};

struct CatchUpKind {
  segment::Completeness completeness = segment::Completeness::kDelta;
  std::uint8_t level = 0;
  // Called on the pipeline's thread when the object's moment is decided, before any later commit is
  // captured; may be empty.
  std::function<void(Txid)> moment_fixed{};
};

class CatchUp {
 public:
  CatchUp(ReplicaHost& host, const state::Identity& identity, std::uint32_t page_size,
          const Base& base, const Cancel& cancel, CatchUpKind kind = {})
      : host_(host),
        identity_(identity),
        page_size_(page_size),
        base_(base),
        cancel_(cancel),
        kind_(std::move(kind)) {}

  // Reads the pages in batches while the application goes on, then, at one moment, those that
  // changed after they were read. The pieces lie in nameless files of the spool's folder; their
  // headers say which moment it is. kBusy when commits outran it, objects that it had not read left
  // the spool, or one turned out to be lost: try again with what is known by then. Blocks.
  // `changed`: what is known to have changed; what objects in the spool touched after it is found.
  Result<std::vector<segment::SealedObject>> make(const state::ChangedPages& changed);

 private:
  using Pages = std::vector<bool>;  // by page number
  Status learn_queued(Pages& pages);
  Status learn_all(const Moment& moment, Pages& pages);
  Status read_batch(const std::vector<PageNo>& pages);
  Status finish(Moment& moment);
  Status open();
  Status add(PageNo page, ByteView image, std::uint64_t hash);
  Result<File> new_file();
  segment::ObjectHeader header(const state::Tip& tip) const;

  ReplicaHost& host_;
  const state::Identity identity_;
  const std::uint32_t page_size_;
  const Base base_;
  const Cancel& cancel_;
  const CatchUpKind kind_;
  Pages changed_since_;  // touched by objects sealed after the reading began
  Txid learned_;         // what objects up to it touched is known
  std::optional<segment::SegmentWriter> writer_;
  std::vector<segment::SealedObject> pieces_;
};

}  // namespace streamd::replicate
