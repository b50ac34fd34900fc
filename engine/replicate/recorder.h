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

  // The capture found no continuity: all pages are compared with the ledger, a batch at a time,
  // while the capture goes on between two batches and hands the log back as always. Nothing in the
  // log is needed meanwhile: when this ends early, the next attach compares again. Any error, and
  // discard(), ends it: attach again.
  Status begin_comparison();
  // Some megabytes as of the last captured commit; true when all of it was compared, and little of
  // it was written again since.
  Result<bool> compare_some(const sqlite::Capture& capture);
  // What differs becomes one transaction, or nothing when nothing does. While the checksum is
  // unknown no snapshot of the generation exists and nothing is recorded, but what was read before
  // is corrected, so that an interrupted first snapshot can go on.
  Status finish_comparison(sqlite::Capture& capture);
  std::uint64_t pages_compared() const { return pages_compared_; }  // ever; tells that it moves
  // A generation begins with the database as it is now; nothing is recorded, its first snapshot is
  // due.
  Status begin_generation(sqlite::Capture& capture, Txid txid);
  // Reads and hashes what the ledger does not know of [first, first + out.size() / page size).
  Result<std::vector<std::uint64_t>> read_pages(sqlite::Capture& capture, PageNo first,
                                                MutableBytes out);
  // Every page is known: from now on every transaction carries the checksum. kInternal when it
  // contradicts the one that was known already.
  Status establish_checksum(sqlite::Capture& capture);
  Status save_tip(const std::string& path);

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
  Status tell_ledger();  // of what has just become durable
  segment::ObjectHeader header_template(segment::Completeness completeness) const;
  void moved(PageNo page);
  void shortened(std::uint32_t pages);
  void unsettled_moved(std::uint32_t pages);
  std::optional<PageNo> next_to_compare(std::uint32_t pages);
  Status compare_page(const sqlite::Capture& capture, PageNo page, MutableBytes image);
  Status seal_differences(std::uint32_t pages, const wal::Position& position);

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

  struct Comparison {
    std::uint32_t next = 1;              // of the first pass; UINT32_MAX = it is over
    std::uint32_t settled = UINT32_MAX;  // pages up to here were compared, or are in `moved`
    std::vector<PageNo> again;           // of a further pass
    std::size_t again_at = 0;
    std::vector<bool> moved;  // by page: written since it was compared
    std::size_t moved_pages = 0;
    int passes = 1;
  };
  std::optional<Comparison> comparison_;
  std::uint64_t pages_compared_ = 0;
};

}  // namespace streamd::replicate
