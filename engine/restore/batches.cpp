#include "restore/batches.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

namespace streamd::restore {
namespace {

using segment::ImageRef;
using segment::ObjectReader;

Error damaged(std::size_t block, const char* why) {
  return make_error(Code::kCorrupt, fmt::format("read block {} of an object: {}", block, why));
}

bool needed(const ObjectReader& reader, std::size_t block, const Wanted& wanted) {
  const auto images = reader.images(block);
  return std::any_of(images.begin(), images.end(), [&](const ImageRef& ref) {
    return ref.transaction >= wanted.skip && ref.transaction <= wanted.cut;
  });
}

bool same_run(const ObjectReader& reader, std::size_t block, std::size_t next) {
  return next < reader.blocks() && reader.block(next).run == reader.block(block).run;
}

// What the parallel decoding relies on: within a run only neighbouring blocks share a page.
Status check_order(const ObjectReader& reader, std::size_t block) {
  if (!same_run(reader, block, block + 1)) return {};
  const ImageRef &last = reader.images(block).back(), &next = reader.images(block + 1).front();
  if (next.page < last.page || (next.page == last.page && next.transaction < last.transaction))
    return damaged(block + 1, "its pages come before those of the block before it");
  return {};
}

// Merging copies whole runs, so what was one object once begins with a run of its own.
Status check_entry(const ObjectReader& reader, std::uint32_t skip) {
  std::optional<std::uint32_t> before;  // the last run with something that is to be skipped
  for (std::size_t i = 0; skip > 0 && i < reader.blocks(); ++i)
    for (const ImageRef& ref : reader.images(i))
      if (ref.transaction < skip) before = reader.block(i).run;
  for (std::size_t i = 0; before && i < reader.blocks(); ++i)
    for (const ImageRef& ref : reader.images(i))
      if (ref.transaction >= skip && reader.block(i).run <= *before)
        return make_error(Code::kOutsideWindow,
                          fmt::format("read an object from its transaction {} on: none of its runs "
                                      "begins there",
                                      skip));
  return {};
}

}  // namespace

Result<std::vector<Batch>> batches_of(const ObjectReader& reader, const Wanted& wanted,
                                      std::uint64_t limit) {
  TRY(check_entry(reader, wanted.skip));
  std::vector<Batch> batches;
  std::uint64_t raw = 0;
  for (std::size_t i = 0; i < reader.blocks(); ++i) {
    TRY(check_order(reader, i));
    if (!needed(reader, i, wanted)) continue;
    const segment::Block& block = reader.block(i);
    const bool goes_on = !batches.empty() && batches.back().end == i &&
                         same_run(reader, i - 1, i) && raw + block.raw <= limit;
    if (!goes_on) {
      batches.push_back({i, i, block.offset, 0});
      raw = 0;
    }
    batches.back().end = i + 1;
    batches.back().length += block.stored;
    raw += block.raw;
  }
  return batches;
}

std::vector<Portion> portions_of(const std::vector<Batch>& batches, std::uint64_t limit) {
  std::vector<Portion> portions;
  for (std::size_t i = 0; i < batches.size(); ++i) {
    const Batch& batch = batches[i];
    const bool goes_on = !portions.empty() &&
                         portions.back().offset + portions.back().length == batch.offset &&
                         portions.back().length + batch.length <= limit;
    if (!goes_on) portions.push_back({i, i, batch.offset, 0});
    portions.back().end = i + 1;
    portions.back().length += batch.length;
  }
  return portions;
}

bool is_last_image(const ObjectReader& reader, std::size_t block, std::size_t image,
                   std::uint32_t cut) {
  const auto images = reader.images(block);
  const ImageRef& ref = images[image];
  if (ref.transaction > cut) return false;
  if (image + 1 < images.size())
    return images[image + 1].page != ref.page || images[image + 1].transaction > cut;
  if (!same_run(reader, block, block + 1)) return true;
  const ImageRef& next = reader.images(block + 1).front();
  return next.page != ref.page || next.transaction > cut;
}

}  // namespace streamd::restore
