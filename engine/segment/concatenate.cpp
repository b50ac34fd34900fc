#include "segment/concatenate.h"

#include <fmt/format.h>

#include <algorithm>

namespace streamd::segment {
namespace {

Error refused(const char* why) {
  return make_error(Code::kInternal, fmt::format("concatenate segments: {}", why));
}

Status check_alone(const ObjectHeader& header) {
  if (header.kind != Kind::kSegment || header.completeness != Completeness::kAll)
    return refused("only segments with all transactions can be");
  if (header.piece.count != 1) return refused("one is only a piece of a segment");
  return {};
}

Status check_neighbours(const ObjectHeader& earlier, const ObjectHeader& later) {
  if (earlier.generation != later.generation || earlier.database != later.database ||
      earlier.page_size != later.page_size)
    return refused("they belong to different generations");
  if (later.first != earlier.last.next()) return refused("there is a gap between them");
  if (earlier.flags != later.flags || earlier.checksum_after != later.checksum_before)
    return refused("the checksum of one does not continue the other");
  return {};
}

}  // namespace

bool Concatenation::has_room_for(const ObjectReader& input) const {
  return images() + input.index().images.size() <= kMostImages;
}

Status Concatenation::add(const ObjectReader& input) {
  const ObjectHeader& header = input.header();
  TRY(check_alone(header));
  if (!output_) {
    output_.emplace(TRY(ObjectOutput::create(std::move(out_), header.page_size)));
    merged_ = header;
    merged_.major = header_.major;
    merged_.minor = header_.minor;
    merged_.level = header_.level;
    merged_.instance = header_.instance;
    merged_.key_id = header_.key_id;
    merged_.salt = header_.salt;
  } else {
    TRY(check_neighbours(merged_, header));
  }
  TRY(copy_blocks(input));
  merged_.last = header.last;
  merged_.last_seen = header.last_seen;
  merged_.pages_after = header.pages_after;
  merged_.checksum_after = header.checksum_after;
  return {};
}

Status Concatenation::copy_blocks(const ObjectReader& input) {
  std::vector<ImageRef> images;
  for (std::size_t i = 0; i < input.blocks(); ++i) {
    Block block = input.block(i);
    block.run += run_;
    images.assign(input.images(i).begin(), input.images(i).end());
    for (ImageRef& image : images) image.transaction += ordinal_;
    TRY(output_->append_stored(block, TRY(input.read_block(i)), images, input.base_pages(i)));
  }
  const Index& index = input.index();
  if (input.blocks() > 0) run_ += index.blocks.back().run + 1;
  ordinal_ += static_cast<std::uint32_t>(index.transactions.size());
  rest_.transactions.insert(rest_.transactions.end(), index.transactions.begin(),
                            index.transactions.end());
  keep_hashes(index.page_hashes);
  rest_.position = index.position;
  return {};
}

// Of a page that was there before the later one counts.
void Concatenation::keep_hashes(const std::vector<PageHash>& later) {
  std::vector<PageHash> both;
  both.reserve(rest_.page_hashes.size() + later.size());
  auto known = rest_.page_hashes.begin();
  for (const PageHash& page : later) {
    for (; known != rest_.page_hashes.end() && known->page < page.page; ++known)
      both.push_back(*known);
    if (known != rest_.page_hashes.end() && known->page == page.page) ++known;
    both.push_back(page);
  }
  both.insert(both.end(), known, rest_.page_hashes.end());
  rest_.page_hashes = std::move(both);
}

Result<SealedObject> Concatenation::finish() {
  if (!output_) return refused("there are none");
  return output_->finish(merged_, std::move(rest_));
}

}  // namespace streamd::segment
