// Where a recorder begins again: the pages of the database are compared with what is on record.
// That takes as long as reading the database, so it is done in batches and the capture has its
// turns in between: what is written behind the pass is compared again.
#include <algorithm>

#include "replicate/recorder.h"
#include "segment/checksum.h"
#include "segment/limits.h"

namespace streamd::replicate {
namespace {

constexpr std::size_t kBatchBytes = 4 * kMiB;  // of pages read between two steps of the capture
constexpr int kMostPasses = 8;                 // then the rest is compared in one go

std::size_t batch_pages(std::uint32_t page_size) {
  return std::max<std::size_t>(1, kBatchBytes / page_size);
}

}  // namespace

Status Recorder::begin_comparison() {
  discard();
  TRY(ledger_.truncate(tip_.pages));
  comparison_ = Comparison{};
  return {};
}

// In front of the first pass it will be read anyway.
void Recorder::moved(PageNo page) {
  Comparison& comparison = *comparison_;
  if (page.value >= comparison.next) return;
  if (page.value >= comparison.moved.size()) comparison.moved.resize(std::size_t{page.value} + 1);
  if (!comparison.moved[page.value]) ++comparison.moved_pages;
  comparison.moved[page.value] = true;
}

// The database was so short for a moment: what comes back behind it need not be what was compared,
// and need not have been written.
void Recorder::shortened(std::uint32_t pages) {
  if (pages < comparison_->next - 1) comparison_->settled = std::min(comparison_->settled, pages);
}

void Recorder::unsettled_moved(std::uint32_t pages) {
  for (std::uint32_t number = comparison_->settled + 1; number <= pages; ++number)
    moved(PageNo(number));
  comparison_->settled = pages;
}

// Of the present pass; nullopt = it is over.
std::optional<PageNo> Recorder::next_to_compare(std::uint32_t pages) {
  Comparison& comparison = *comparison_;
  if (comparison.next <= pages) return PageNo(comparison.next++);
  if (comparison.next != UINT32_MAX) {
    comparison.settled = std::min(comparison.settled, pages);
    comparison.next = UINT32_MAX;
  }
  while (comparison.again_at < comparison.again.size()) {
    const PageNo page = comparison.again[comparison.again_at++];
    if (page.value <= pages) return page;
  }
  return std::nullopt;
}

Result<bool> Recorder::compare_some(const sqlite::Capture& capture) {
  if (!comparison_) return make_error(Code::kInternal, "the comparison was given up");
  Comparison& comparison = *comparison_;
  const wal::Position& now = capture.position();
  const std::size_t batch = batch_pages(now.page_size);
  Bytes image(now.page_size);
  for (std::size_t i = 0; i < batch; ++i) {
    const auto page = next_to_compare(now.pages);
    if (page) {
      TRY(compare_page(capture, *page, image));
      continue;
    }
    unsettled_moved(now.pages);
    if (comparison.moved_pages <= batch || comparison.passes >= kMostPasses) return true;
    ++comparison.passes;
    comparison.again.clear();
    comparison.again_at = 0;
    for (std::size_t number = 1; number < comparison.moved.size(); ++number)
      if (comparison.moved[number])
        comparison.again.emplace_back(static_cast<std::uint32_t>(number));
    comparison.moved.clear();
    comparison.moved_pages = 0;
    return false;
  }
  return false;
}

Status Recorder::compare_page(const sqlite::Capture& capture, PageNo page, MutableBytes image) {
  ++pages_compared_;
  if (page == lock_page(static_cast<std::uint32_t>(image.size()))) return {};
  const std::uint64_t known = TRY(ledger_.get(page));
  if (known == 0 && !tip_.checksum_known) return {};  // never read: the first snapshot will
  TRY(capture.read_page(page, image));
  const std::uint64_t hash = segment::page_hash(image, page, identity_.checksum_key);
  if (hash == known) return {};
  if (!tip_.checksum_known) return ledger_.set_durable(page, {hash});
  if (!writer_) TRY(open_segment(static_cast<std::uint32_t>(image.size())));
  reading_ = nullptr;  // a delta has no past that a restore would have had page by page
  TRY(add(page, image, hash));
  ledger_.set_pending(page, hash);
  return {};
}

// Nothing moves meanwhile.
Status Recorder::finish_comparison(sqlite::Capture& capture) {
  const wal::Position now = capture.position();
  Comparison& comparison = *comparison_;
  Bytes image(now.page_size);
  for (std::uint32_t number = 1; number < comparison.moved.size() && number <= now.pages; ++number)
    if (comparison.moved[number]) TRY(compare_page(capture, PageNo(number), image));
  seen_ = std::max(clock_.wall_micros(), tip_.seen);
  not_before_ = tip_.seen;
  captured_ = tip_;
  captured_.position = now;
  if (!tip_.checksum_known) {
    TRY(ledger_.truncate(now.pages));
    captured_.txid = tip_.txid.next();
    captured_.pages = now.pages;
    captured_.seen = seen_;
  } else if (writer_ || now.pages != tip_.pages) {
    TRY(seal_differences(now.pages, now));
  }
  tip_ = captured_;
  comparison_.reset();
  capture.run_closed();
  capture.durable_up_to_here();
  return {};
}

Status Recorder::seal_differences(std::uint32_t pages, const wal::Position& position) {
  if (!writer_) TRY(open_segment(position.page_size));  // only shorter
  ledger_.shrink_pending(pages);
  const auto sum = TRY(ledger_.checksum(pages, lock_page(position.page_size)));
  if (!sum) return make_error(Code::kInternal, "a page of the database was not compared");
  captured_.txid = tip_.txid.next();
  captured_.pages = pages;
  captured_.seen = seen_;
  captured_.checksum = *sum;
  writer_->end_transaction({not_before_, seen_, pages, *sum});
  TRY(finish_object(header_template(segment::Completeness::kDelta), position));
  return tell_ledger();
}

}  // namespace streamd::replicate
