#include "restore/apply.h"

#include <fmt/format.h>

#include <algorithm>

namespace streamd::restore {

using segment::ImageRef;
using segment::ObjectReader;

namespace {

// Every block of the batch holds pages alone: none builds on what the file holds.
bool stands_alone(const ObjectReader& reader, const Batch& batch) {
  for (std::size_t block = batch.first; block < batch.end; ++block)
    if (!reader.base_pages(block).empty()) return false;
  return true;
}

}  // namespace

Applier::Applier(PageFile& file, std::uint32_t page_size, segment::ChecksumKey key,
                 Workers& workers, PageHashes hashes)
    : file_(file),
      page_size_(page_size),
      key_(key),
      workers_(workers),
      hashes_(std::move(hashes)) {}

bool Applier::Selection::takes(const ObjectReader& reader, std::size_t block,
                               std::size_t image) const {
  const PageNo page = reader.images(block)[image].page;
  return page.value <= pages && is_last_image(reader, block, image, cut) &&
         (replaced == nullptr || !std::binary_search(replaced->begin(), replaced->end(), page));
}

Status Applier::apply_pages(Fetcher& fetcher, const Fetcher::Opened& object, std::uint32_t pages,
                            const std::vector<PageNo>& replaced) {
  return apply(fetcher, object, {UINT32_MAX, pages, &replaced});
}

Status Applier::apply_images(Fetcher& fetcher, const Fetcher::Opened& object, std::uint32_t cut) {
  return apply(fetcher, object, {cut, UINT32_MAX, nullptr});
}

// Batches of one run share at most a page, which is carried over.
Status Applier::apply(Fetcher& fetcher, const Fetcher::Opened& object, const Selection& selection) {
  carried_.reset();
  for (std::size_t i = 0; i < object.batches.size(); ++i) {
    const ByteView stored = TRY(fetcher.take(i));
    if (stands_alone(*object.reader, object.batches[i]))
      TRY(apply_alone(object, i, stored, selection));
    else
      TRY(apply_after_past(object, i, stored, selection));
  }
  return {};
}

// Nobody waits for anybody: what was decoded is written while it is in the processor's cache.
Status Applier::apply_alone(const Fetcher::Opened& object, std::size_t batch, ByteView stored,
                            const Selection& selection) {
  TRY(carry(object, batch));
  const Batch& what = object.batches[batch];
  return workers_.run(what.end - what.first, [&](std::size_t k) -> Status {
    thread_local Decoded decoded;
    decoded.block = what.first + k;
    TRY(decode(object, what, stored, decoded));
    return write(*object.reader, decoded, selection);
  });
}

// All blocks are decoded before the first of their images is written, so that every block finds the
// pages as they were before the run.
Status Applier::apply_after_past(const Fetcher::Opened& object, std::size_t batch, ByteView stored,
                                 const Selection& selection) {
  const Batch& what = object.batches[batch];
  const std::size_t blocks = what.end - what.first;
  if (decoded_.size() < blocks) decoded_.resize(blocks);
  TRY(workers_.run(blocks, [&](std::size_t k) -> Status {
    decoded_[k].block = what.first + k;
    return decode(object, what, stored, decoded_[k]);
  }));
  TRY(carry(object, batch));
  return workers_.run(blocks, [&](std::size_t k) -> Status {
    return write(*object.reader, decoded_[k], selection);
  });
}

Status Applier::carry(const Fetcher::Opened& object, std::size_t batch) {
  const ObjectReader& reader = *object.reader;
  const std::size_t last = object.batches[batch].end - 1;
  if (batch + 1 == object.batches.size()) return carried_.reset(), Status();
  const std::size_t next = object.batches[batch + 1].first;
  const auto bases = reader.base_pages(next);
  const bool shared = reader.block(next).run == reader.block(last).run && !bases.empty() &&
                      bases.front() == reader.images(last).back().page;
  if (!shared) return carried_.reset(), Status();
  if (carried_ && carried_->page == bases.front()) return {};
  carried_ = Carried{bases.front(), Bytes(page_size_)};
  return file_.read(bases.front(), carried_->image);
}

Status Applier::read_bases(const ObjectReader& reader, std::size_t block, Bytes& out) const {
  const auto pages = reader.base_pages(block);
  out.resize(pages.size() * std::size_t{page_size_});
  for (std::size_t at = 0, end = 0; at < pages.size(); at = end) {
    const MutableBytes rest = MutableBytes(out).subspan(at * page_size_);
    end = at + 1;
    if (carried_ && carried_->page == pages[at]) {
      std::copy(carried_->image.begin(), carried_->image.end(), rest.begin());
      continue;
    }
    while (end < pages.size() && pages[end].value == pages[at].value + (end - at)) ++end;
    TRY(file_.read(pages[at], rest.first((end - at) * page_size_)));
  }
  return {};
}

Status Applier::decode(const Fetcher::Opened& object, const Batch& batch, ByteView stored,
                       Decoded& out) const {
  const ObjectReader& reader = *object.reader;
  const segment::Block& block = reader.block(out.block);
  Bytes bases;
  if (Status read = read_bases(reader, out.block, bases); !read)
    return std::move(read.error())
        .with_context(fmt::format("decode block {}: the pages it builds on", out.block));
  out.raw.resize(block.raw);
  return reader.decode_block(out.block, stored.subspan(block.offset - batch.offset, block.stored),
                             bases, out.raw);
}

// Neighbouring pages go out in one write.
Status Applier::write(const ObjectReader& reader, const Decoded& decoded,
                      const Selection& selection) {
  const auto images = reader.images(decoded.block);
  for (std::size_t at = 0; at < images.size();) {
    if (!selection.takes(reader, decoded.block, at)) {
      ++at;
      continue;
    }
    std::size_t end = at + 1;
    while (end < images.size() && images[end].page.value == images[at].page.value + (end - at) &&
           selection.takes(reader, decoded.block, end))
      ++end;
    TRY(write_pages(images[at].page,
                    ByteView(decoded.raw).subspan(at * page_size_, (end - at) * page_size_)));
    at = end;
  }
  return {};
}

Status Applier::write_pages(PageNo first, ByteView images) {
  TRY(file_.write(first, images));
  std::vector<std::uint64_t> hashes;
  for (PageNo page = first; !images.empty(); page = page.next()) {
    hashes.push_back(segment::page_hash(images.first(page_size_), page, key_));
    images = images.subspan(page_size_);
  }
  const std::lock_guard lock(mutex_);
  for (std::size_t i = 0; i < hashes.size(); ++i)
    hashes_.set(PageNo(first.value + static_cast<std::uint32_t>(i)), hashes[i]);
  return {};
}

Status Applier::commit(std::uint32_t pages, std::uint64_t checksum) {
  hashes_.truncate(pages);
  const std::uint32_t expected = lock_page(page_size_).value <= pages ? pages - 1 : pages;
  if (hashes_.count() != expected)
    return make_error(Code::kCorrupt, fmt::format("only {} of {} pages are in the backup",
                                                  hashes_.count(), expected));
  if (hashes_.checksum() != checksum)
    return make_error(Code::kCorrupt, "the restored pages do not match the database checksum");
  return file_.cut(pages);
}

void Applier::start_over() {
  hashes_.clear();
  carried_.reset();
}

}  // namespace streamd::restore
