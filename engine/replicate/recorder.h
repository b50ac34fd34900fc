// Turns captured pages into sealed objects: keeps the open segment, the hash of every page, the
// checksum of the database, and seals them into the spool. One thread at a time (the pipeline's).
#pragma once
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/int_map.h"
#include "segment/bases.h"
#include "segment/writer.h"
#include "sqlite/capture.h"
#include "state/identity.h"
#include "state/ledger.h"
#include "state/spool.h"
#include "state/tip.h"

namespace streamd::replicate {

class Recorder final : public sqlite::CaptureSink, private segment::BasePages {
 public:
  // Borrows ledger and spool. `tip` is what is durable; the ledger belongs to it.
  Recorder(const state::Identity& identity, const state::Tip& tip, state::Ledger& ledger,
           state::Spool& spool, const Clock& clock);

  // Of what is durable, and of what is captured.
  const state::Tip& tip() const { return tip_; }
  Txid captured_txid() const { return captured_.txid; }
  Micros captured_time() const { return captured_.seen; }
  bool has_open_segment() const { return captured_.txid != tip_.txid; }
  MonoTime open_since() const { return open_since_; }  // while has_open_segment()
  // The object is durable but the ledger could not follow: everything must be loaded again.
  bool must_reload() const { return must_reload_; }

  // The capture found no continuity: records the pages that differ from the ledger as one
  // transaction, or nothing when none does. Needs a known checksum.
  Status record_delta(sqlite::Capture& capture);
  // The same while the checksum is unknown: no snapshot of the generation exists, so there is
  // nothing to record; what was read before is compared, so that an interrupted first snapshot can
  // go on.
  Status compare_known(sqlite::Capture& capture);
  // A generation begins with the database as it is now; nothing is recorded, its first snapshot is
  // due.
  Status begin_generation(sqlite::Capture& capture, Txid txid);
  // Reads and hashes what the ledger does not know of [first, first + out.size() / page size).
  Result<std::vector<std::uint64_t>> read_pages(sqlite::Capture& capture, PageNo first,
                                                MutableBytes out);
  // Every page is known: from now on every transaction carries the checksum. kInternal when it
  // contradicts the one that was known already.
  Status establish_checksum(sqlite::Capture& capture);
  Status save_tip(const std::string& path) const { return state::save_tip(path, tip_); }

  // CaptureSink
  void looked(Micros not_before, Micros seen) override;
  Status page(sqlite::Capture& capture, PageNo page, ByteView image) override;
  Status commit(sqlite::Capture& capture) override;
  Status close_run(sqlite::Capture& capture) override;
  Status make_durable(sqlite::Capture& capture) override;
  void discard() override;

 private:
  Result<bool> read_base(PageNo page, MutableBytes out) override;
  Status open_segment(std::uint32_t page_size);
  Result<File> new_file();
  Status add(PageNo page, ByteView image, std::uint64_t hash);
  Status cut_piece();
  Status finish_object(segment::ObjectHeader header, const wal::Position& position);
  segment::ObjectHeader header_template(segment::Completeness completeness) const;
  Result<bool> collect_changes(sqlite::Capture& capture, segment::DatabaseChecksum& checksum);

  const state::Identity& identity_;
  state::Ledger& ledger_;
  state::Spool& spool_;
  const Clock& clock_;
  state::Tip tip_;       // durable
  state::Tip captured_;  // with the open segment
  bool must_reload_ = false;

  std::optional<segment::SegmentWriter> writer_;
  std::vector<segment::SealedObject> pieces_;
  std::vector<std::string> temporaries_;  // files of the open segment
  MonoTime open_since_;
  IntMap<std::uint64_t> before_run_;  // page → its hash before the open run; 0 = unknown or new
  std::uint32_t highest_page_ = 0;    // in the open transaction
  Micros not_before_ = 0, seen_ = 0;
  const sqlite::Capture* reading_ = nullptr;  // where bases come from while a run is compressed
};

}  // namespace streamd::replicate
