#include "restore/page_hashes.h"

namespace streamd::restore {

void PageHashes::forget(std::uint64_t& hash) {
  if (hash == 0) return;
  checksum_.toggle(hash);
  hash = 0;
  --count_;
}

void PageHashes::set(PageNo page, std::uint64_t hash) {
  const std::size_t entry = page.value - 1, chunk = entry / kChunk;
  if (chunk >= chunks_.size()) chunks_.resize(chunk + 1);
  if (!chunks_[chunk]) chunks_[chunk] = std::make_unique<Chunk>();
  std::uint64_t& known = (*chunks_[chunk])[entry % kChunk];
  forget(known);
  known = hash;
  checksum_.toggle(hash);
  if (hash != 0) ++count_;
}

std::uint64_t PageHashes::of(PageNo page) const {
  const std::size_t entry = page.value - 1, chunk = entry / kChunk;
  return chunk < chunks_.size() && chunks_[chunk] ? (*chunks_[chunk])[entry % kChunk] : 0;
}

void PageHashes::truncate(std::uint32_t pages) {
  for (std::size_t chunk = pages / kChunk; chunk < chunks_.size(); ++chunk) {
    if (!chunks_[chunk]) continue;
    for (std::size_t i = chunk == pages / kChunk ? pages % kChunk : 0; i < kChunk; ++i)
      forget((*chunks_[chunk])[i]);
  }
  const std::size_t kept = (pages + kChunk - 1) / kChunk;
  if (kept < chunks_.size()) chunks_.resize(kept);
}

}  // namespace streamd::restore
