// Where a recorder begins or begins again: pages read as they are now, compared with what is on
// record.
#include <algorithm>

#include "replicate/recorder.h"
#include "segment/checksum.h"
#include "segment/limits.h"

namespace streamd::replicate {

Status Recorder::begin_generation(sqlite::Capture& capture, Txid txid) {
  discard();
  TRY(ledger_.truncate(0));
  tip_ = {};
  tip_.generation = identity_.generation;
  tip_.txid = txid;
  tip_.page_size = capture.position().page_size;
  tip_.pages = capture.position().pages;
  tip_.seen = clock_.wall_micros();
  tip_.position = capture.position();
  captured_ = tip_;
  capture.durable_up_to_here();
  return {};
}

Result<std::vector<std::uint64_t>> Recorder::read_pages(sqlite::Capture& capture, PageNo first,
                                                        MutableBytes out) {
  // A hash may only claim durable content, so what is open is sealed before the ledger learns.
  if (!tip_.checksum_known) TRY(capture.make_durable());
  const std::uint32_t page_size = captured_.page_size;
  const PageNo lock = lock_page(page_size);
  std::vector<std::uint64_t> hashes(out.size() / page_size);
  bool learned = false;
  for (std::size_t i = 0; i < hashes.size(); ++i) {
    const PageNo page(first.value + static_cast<std::uint32_t>(i));
    if (page == lock) continue;
    const MutableBytes image = out.subspan(i * page_size, page_size);
    TRY(capture.read_page(page, image));
    hashes[i] = segment::page_hash(image, page, identity_.checksum_key);
    const std::uint64_t known = TRY(ledger_.get(page));
    if (known == 0)
      learned = true;
    else if (known != hashes[i])
      return make_error(Code::kInternal,
                        "page " + std::to_string(page.value) + " differs from what was captured");
  }
  if (learned) TRY(ledger_.set_durable(first, hashes));
  return hashes;
}

Status Recorder::establish_checksum(sqlite::Capture& capture) {
  TRY(capture.make_durable());
  const auto sum = TRY(ledger_.checksum(tip_.pages, lock_page(tip_.page_size)));
  if (!sum) return make_error(Code::kBusy, "some pages were not read yet");
  if (tip_.checksum_known && *sum != tip_.checksum)
    return make_error(Code::kInternal, "the ledger contradicts the checksum of the database");
  tip_.checksum_known = captured_.checksum_known = true;
  tip_.checksum = captured_.checksum = *sum;
  return {};
}

Status Recorder::compare_known(sqlite::Capture& capture) {
  discard();
  const wal::Position& now = capture.position();
  TRY(ledger_.truncate(now.pages));
  Bytes image(now.page_size);
  for (std::uint32_t number = 1; number <= now.pages; ++number) {
    const PageNo page(number);
    const std::uint64_t known = TRY(ledger_.get(page));
    if (known == 0) continue;
    TRY(capture.read_page(page, image));
    const std::uint64_t hash = segment::page_hash(image, page, identity_.checksum_key);
    if (hash != known) TRY(ledger_.set_durable(page, {hash}));
  }
  tip_.txid = tip_.txid.next();
  tip_.pages = now.pages;
  tip_.seen = std::max(clock_.wall_micros(), tip_.seen);
  tip_.position = now;
  captured_ = tip_;
  capture.durable_up_to_here();
  return {};
}

Status Recorder::record_delta(sqlite::Capture& capture) {
  discard();
  const wal::Position& now = capture.position();
  seen_ = std::max(clock_.wall_micros(), tip_.seen);
  not_before_ = tip_.seen;
  segment::DatabaseChecksum checksum;
  const bool changed = TRY(collect_changes(capture, checksum));
  captured_.position = now;
  if (changed || now.pages != tip_.pages) {
    if (!writer_) TRY(open_segment(now.page_size));  // only shorter
    captured_.txid = tip_.txid.next();
    captured_.pages = now.pages;
    captured_.seen = seen_;
    captured_.checksum = checksum.value();
    ledger_.shrink_pending(now.pages);
    writer_->end_transaction({not_before_, seen_, now.pages, checksum.value()});
    TRY(finish_object(header_template(segment::Completeness::kDelta), now));
    TRY(ledger_.apply_pending());
  }
  tip_ = captured_;
  capture.durable_up_to_here();
  return {};
}

// Compares every page with the ledger and adds those that differ to the open segment.
Result<bool> Recorder::collect_changes(sqlite::Capture& capture,
                                       segment::DatabaseChecksum& checksum) {
  const wal::Position& now = capture.position();
  reading_ = nullptr;  // a delta has no past that a restore would have had page by page
  bool changed = false;
  Bytes image(now.page_size);
  for (std::uint32_t number = 1; number <= now.pages; ++number) {
    const PageNo page(number);
    if (page == lock_page(now.page_size)) continue;
    TRY(capture.read_page(page, image));
    const std::uint64_t hash = segment::page_hash(image, page, identity_.checksum_key);
    checksum.toggle(hash);
    if (number <= tip_.pages && TRY(ledger_.get(page)) == hash) continue;
    if (!writer_) TRY(open_segment(now.page_size));
    changed = true;
    TRY(add(page, image, hash));
    ledger_.set_pending(page, hash);
  }
  return changed;
}

}  // namespace streamd::replicate
