// Where a recorder begins: pages read as they are now.
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

}  // namespace streamd::replicate
