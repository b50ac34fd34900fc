#include "replicate/recorder.h"

#include <algorithm>

#include "segment/checksum.h"
#include "segment/limits.h"

namespace streamd::replicate {
namespace {

constexpr std::uint64_t kSegmentBytes = 64 * kMiB;  // raw images after which a segment is closed
constexpr std::uint64_t kSegmentTransactions = 50'000;  // likewise: bounds its index in memory
constexpr Micros kAbsorbedStepBack = 1'000'000;         // the clock may step back so far unnoticed

}  // namespace

Recorder::Recorder(const state::Identity& identity, const state::Tip& tip, state::Ledger& ledger,
                   state::Spool& spool, const Clock& clock)
    : identity_(identity),
      ledger_(ledger),
      spool_(spool),
      clock_(clock),
      tip_(tip),
      captured_(tip) {}

void Recorder::looked(Micros not_before, Micros seen) {
  const bool small_step_back = seen < captured_.seen && captured_.seen - seen <= kAbsorbedStepBack;
  seen_ = small_step_back ? captured_.seen : seen;
  not_before_ = std::min(not_before == 0 ? captured_.seen : not_before, seen_);
}

Status Recorder::open_segment(std::uint32_t page_size) {
  segment::SegmentOptions options;
  options.page_size = page_size;
  options.pages_before = captured_.pages;
  writer_.emplace(TRY(segment::SegmentWriter::create(TRY(new_file()), options)));
  open_since_ = clock_.mono();
  return {};
}

Result<File> Recorder::new_file() {
  File file = TRY(spool_.new_file());
  temporaries_.push_back(file.path());
  return file;
}

Status Recorder::page(sqlite::Capture& capture, PageNo page, ByteView image) {
  const auto page_size = static_cast<std::uint32_t>(image.size());
  if (page == lock_page(page_size)) return {};
  if (comparison_) {
    moved(page);
    return {};
  }
  if (!writer_) TRY(open_segment(page_size));
  const std::uint64_t hash = segment::page_hash(image, page, identity_.checksum_key);
  const std::uint64_t old = TRY(ledger_.get(page));
  if (before_run_.find(page.value) == nullptr) before_run_.put(page.value, old);
  ledger_.set_pending(page, hash);
  captured_.checksum ^= old ^ hash;
  highest_page_ = std::max(highest_page_, page.value);
  reading_ = &capture;
  TRY(add(page, image, hash));
  if (writer_->buffered_bytes() == 0) capture.run_closed();
  return {};
}

// Compresses the run when it is full, and cuts a piece when a single transaction is huge.
Status Recorder::add(PageNo page, ByteView image, std::uint64_t hash) {
  TRY(writer_->add_image(page, image, hash));
  if (writer_->raw_bytes() >= segment::kPieceBytes) return cut_piece();
  if (!writer_->run_full()) return {};
  TRY(writer_->flush_run(*this));
  before_run_.clear();
  return {};
}

Status Recorder::cut_piece() {
  pieces_.push_back(TRY(
      writer_->next_piece(TRY(new_file()), header_template(segment::Completeness::kAll), *this)));
  before_run_.clear();
  return {};
}

Result<bool> Recorder::read_base(PageNo page, MutableBytes out) {
  const std::uint64_t* before = before_run_.find(page.value);
  if (before == nullptr || *before == 0 || reading_ == nullptr) return false;
  TRY(reading_->read_past_page(page, out));
  return segment::page_hash(out, page, identity_.checksum_key) == *before;
}

Status Recorder::commit(sqlite::Capture& capture) {
  const std::uint32_t pages = capture.position().pages;
  if (comparison_) {
    shortened(pages);
    return {};
  }
  const std::uint32_t end = std::max(captured_.pages, highest_page_);
  for (std::uint32_t gone = pages + 1; gone <= end; ++gone)
    captured_.checksum ^= TRY(ledger_.get(PageNo(gone)));
  if (pages < end) ledger_.shrink_pending(pages);
  highest_page_ = 0;
  captured_.txid = captured_.txid.next();
  captured_.pages = pages;
  captured_.seen = seen_;
  captured_.position = capture.position();
  writer_->end_transaction(
      {not_before_, seen_, pages, captured_.checksum_known ? captured_.checksum : 0});
  const bool full = writer_->raw_bytes() >= kSegmentBytes ||
                    writer_->transactions() >= kSegmentTransactions || !pieces_.empty();
  return full ? make_durable(capture) : Status{};
}

Status Recorder::close_run(sqlite::Capture& capture) {
  if (comparison_) capture.run_closed();
  if (comparison_ || !writer_) return {};
  reading_ = &capture;
  TRY(writer_->flush_run(*this));
  before_run_.clear();
  capture.run_closed();
  return {};
}

// A position that outlives hashes which it counts on would make a new generation of a power cut.
Status Recorder::save_tip(const std::string& path) {
  TRY(ledger_.sync());
  return state::save_tip(path, tip_);
}

Status Recorder::make_durable(sqlite::Capture& capture) {
  if (!has_open_segment()) {
    capture.durable_up_to_here();
    return {};
  }
  TRY(close_run(capture));
  TRY(finish_object(header_template(segment::Completeness::kAll), captured_.position));
  capture.durable_up_to_here();
  return tell_ledger();
}

Status Recorder::tell_ledger() {
  Status applied = ledger_.apply_pending();
  if (!applied) must_reload_ = true;
  return applied;
}

segment::ObjectHeader Recorder::header_template(segment::Completeness completeness) const {
  segment::ObjectHeader header;
  header.completeness = completeness;
  header.flags = captured_.checksum_known ? 0 : segment::kChecksumUnknown;
  header.generation = identity_.generation;
  header.database = identity_.database;
  header.instance = identity_.instance;
  header.first = tip_.txid.next();
  header.last = captured_.txid;
  header.checksum_before = captured_.checksum_known ? tip_.checksum : 0;
  return header;
}

// Seals the open segment into the spool. When this returns, it is durable.
Status Recorder::finish_object(segment::ObjectHeader header, const wal::Position& position) {
  pieces_.push_back(TRY(writer_->seal(header, &position, *this)));
  TRY(segment::complete_pieces(pieces_));
  TRY(spool_.commit(std::move(pieces_)));
  pieces_.clear();
  temporaries_.clear();
  writer_.reset();
  tip_ = captured_;
  return {};
}

void Recorder::discard() {
  comparison_.reset();
  writer_.reset();
  pieces_.clear();
  for (const std::string& path : temporaries_)
    (void)remove_file(path);  // on a full disk it counts; what stays goes at the next start
  temporaries_.clear();
  ledger_.drop_pending();
  before_run_.clear();
  highest_page_ = 0;
  captured_ = tip_;
}

}  // namespace streamd::replicate
