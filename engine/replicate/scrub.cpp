#include "replicate/scrub.h"

#include <algorithm>

namespace streamd::replicate {
namespace {

constexpr std::size_t kBatchBytes = 4 * kMiB;

}  // namespace

Result<Scrub::Found> Scrub::some(const sqlite::Capture& capture) {
  const wal::Position& now = capture.position();
  const auto batch =
      static_cast<std::uint32_t>(std::max<std::size_t>(1, kBatchBytes / now.page_size));
  const std::uint32_t left = now.pages < next_ ? 0 : now.pages - next_ + 1;
  const std::uint32_t end = next_ + std::min(batch, left);
  Bytes image(now.page_size);
  for (std::uint32_t number = next_; number < end; ++number) {
    const PageNo page(number);
    if (page == lock_page(now.page_size)) continue;
    const std::uint64_t known = TRY(ledger_.get(page));
    if (known == 0) continue;
    TRY(capture.read_page(page, image));
    if (segment::page_hash(image, page, checksum_key_) != known) return Found::kOther;
  }
  next_ = end;
  return next_ > now.pages ? Found::kAsKnown : Found::kMore;
}

}  // namespace streamd::replicate
