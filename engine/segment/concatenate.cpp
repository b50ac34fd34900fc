#include "segment/concatenate.h"

#include <fmt/format.h>

#include <map>

#include "segment/object_output.h"

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

// Everything but the blocks.
class Merge {
 public:
  Status add(const ObjectReader& input, ObjectOutput& output);
  Index take();

 private:
  std::uint32_t run_ = 0, ordinal_ = 0;
  Index rest_;
  std::map<PageNo, std::uint64_t> hashes_;
};

Status Merge::add(const ObjectReader& input, ObjectOutput& output) {
  std::vector<ImageRef> images;
  for (std::size_t i = 0; i < input.blocks(); ++i) {
    Block block = input.block(i);
    block.run += run_;
    images.assign(input.images(i).begin(), input.images(i).end());
    for (ImageRef& image : images) image.transaction += ordinal_;
    TRY(output.append_stored(block, TRY(input.read_block(i)), images, input.base_pages(i)));
  }
  const Index& index = input.index();
  if (input.blocks() > 0) run_ += index.blocks.back().run + 1;
  ordinal_ += static_cast<std::uint32_t>(index.transactions.size());
  rest_.transactions.insert(rest_.transactions.end(), index.transactions.begin(),
                            index.transactions.end());
  for (const PageHash& page : index.page_hashes) hashes_[page.page] = page.hash;
  rest_.position = index.position;
  return {};
}

Index Merge::take() {
  for (const auto& [page, hash] : hashes_) rest_.page_hashes.push_back({page, hash});
  return std::move(rest_);
}

}  // namespace

Result<SealedObject> concatenate(std::span<const ObjectReader* const> inputs, File out,
                                 const ObjectHeader& header) {
  if (inputs.empty()) return refused("there are none");
  const ObjectHeader &first = inputs.front()->header(), &last = inputs.back()->header();
  ObjectOutput output = TRY(ObjectOutput::create(std::move(out), first.page_size));
  Merge merge;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    TRY(check_alone(inputs[i]->header()));
    if (i > 0) TRY(check_neighbours(inputs[i - 1]->header(), inputs[i]->header()));
    TRY(merge.add(*inputs[i], output));
  }
  ObjectHeader merged = first;
  merged.major = header.major;
  merged.minor = header.minor;
  merged.level = header.level;
  merged.instance = header.instance;
  merged.key_id = header.key_id;
  merged.salt = header.salt;
  merged.last = last.last;
  merged.last_seen = last.last_seen;
  merged.pages_after = last.pages_after;
  merged.checksum_after = last.checksum_after;
  return output.finish(merged, merge.take());
}

}  // namespace streamd::segment
