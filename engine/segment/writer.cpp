#include "segment/writer.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>

#include "segment/coverage.h"
#include "segment/limits.h"
#include "segment/object_output.h"
#include "segment/run_buffer.h"

namespace streamd::segment {

struct SegmentWriter::State {
  State(ObjectOutput first, const SegmentOptions& how)
      : options(how),
        output(std::move(first)),
        compressor(how.level),
        coverage(how.page_size, how.pages_before),
        buffer(how.page_size, how.run_bytes) {}

  Status flush(BasePages& source);
  Status flush_block(std::span<const RunBuffer::Entry> entries, BasePages& source);
  Index take_page_hashes();
  std::uint32_t ordinal() const { return static_cast<std::uint32_t>(transactions.size()); }

  SegmentOptions options;
  ObjectOutput output;
  Compressor compressor;
  Coverage coverage;
  RunBuffer buffer;
  std::uint32_t run = 0;               // of the open piece
  bool torn = false;                   // a flush failed: the file holds part of a run
  std::uint32_t pages_before_run = 0;  // of the database, as the buffered run begins
  std::uint32_t pieces = 0;
  std::vector<TransactionInfo> transactions;
  std::unordered_map<PageNo, std::uint64_t> hashes;  // last image of each page of the open piece
  // One block's worth each, kept.
  std::vector<ImageRef> images;
  std::vector<PageNo> base_pages;
  Bytes raw, bases;
};

SegmentWriter::SegmentWriter(std::unique_ptr<State> state) : state_(std::move(state)) {}
SegmentWriter::~SegmentWriter() = default;
SegmentWriter::SegmentWriter(SegmentWriter&&) noexcept = default;
SegmentWriter& SegmentWriter::operator=(SegmentWriter&&) noexcept = default;

Result<SegmentWriter> SegmentWriter::create(File file, const SegmentOptions& options) {
  ObjectOutput output = TRY(ObjectOutput::create(std::move(file), options.page_size));
  return SegmentWriter(std::make_unique<State>(std::move(output), options));
}

Status SegmentWriter::add_image(PageNo page, ByteView image, std::uint64_t hash) {
  if (image.size() != state_->options.page_size)
    return make_error(Code::kInternal,
                      fmt::format("add page {} to a segment: {} bytes are not one page", page.value,
                                  image.size()));
  if (run_full())
    return make_error(Code::kInternal, "add a page to a segment: the run is full, flush it first");
  TRY(state_->coverage.add(page));
  if (state_->buffer.empty()) state_->pages_before_run = state_->coverage.pages();
  state_->buffer.add({page, state_->ordinal()}, image);
  state_->hashes[page] = hash;
  return {};
}

void SegmentWriter::end_transaction(const TransactionInfo& info) {
  state_->transactions.push_back(info);
  state_->coverage.end_transaction(info.pages);
}

Status SegmentWriter::flush_run(BasePages& bases) {
  return state_->flush(bases);
}

Status SegmentWriter::State::flush(BasePages& source) {
  if (torn) return make_error(Code::kInternal, "write an object: an earlier write failed half way");
  if (buffer.empty()) return {};
  torn = true;  // until all blocks of the run are written
  const std::span<const RunBuffer::Entry> sorted = buffer.sorted();
  const std::size_t per_block = std::max<std::size_t>(1, kBlockBytes / options.page_size);
  for (std::size_t at = 0; at < sorted.size(); at += per_block)
    TRY(flush_block(sorted.subspan(at, std::min(per_block, sorted.size() - at)), source));
  buffer.clear();
  ++run;
  torn = false;
  return {};
}

// One block: its images, and as prefix what their pages were before the run. Pages that the
// database did not have then have no past a restore could rely on, whatever the log still shows of
// them.
Status SegmentWriter::State::flush_block(std::span<const RunBuffer::Entry> entries,
                                         BasePages& source) {
  images.clear();
  base_pages.clear();
  raw.clear();
  bases.clear();
  for (const RunBuffer::Entry& entry : entries) {
    const PageNo page = entry.ref.page;
    const bool first = images.empty() || images.back().page != page;
    images.push_back(entry.ref);
    append(raw, buffer.image(entry));
    if (!first || page.value > pages_before_run) continue;
    const std::size_t end = bases.size();
    bases.resize(end + options.page_size);
    if (TRY(source.read_base(page, MutableBytes(bases).subspan(end))))
      base_pages.push_back(page);
    else
      bases.resize(end);
  }
  return output.append_block(compressor, run, images, raw, base_pages, bases);
}

Index SegmentWriter::State::take_page_hashes() {
  Index rest;
  rest.page_hashes.reserve(hashes.size());
  for (const auto& [page, hash] : hashes) rest.page_hashes.push_back({page, hash});
  std::sort(rest.page_hashes.begin(), rest.page_hashes.end(),
            [](const PageHash& a, const PageHash& b) { return a.page < b.page; });
  hashes.clear();
  return rest;
}

bool SegmentWriter::run_full() const {
  return state_->buffer.full();
}
bool SegmentWriter::empty() const {
  return raw_bytes() == 0 && transactions() == 0 && pieces() == 0;
}
bool SegmentWriter::in_transaction() const {
  return state_->coverage.in_transaction();
}
std::uint64_t SegmentWriter::buffered_bytes() const {
  return state_->buffer.bytes();
}
std::uint64_t SegmentWriter::raw_bytes() const {
  return state_->output.raw_bytes() + buffered_bytes();
}
std::uint64_t SegmentWriter::stored_bytes() const {
  return state_->output.stored_bytes();
}
std::uint64_t SegmentWriter::transactions() const {
  return state_->transactions.size();
}
std::uint32_t SegmentWriter::pieces() const {
  return state_->pieces;
}

Result<SealedObject> SegmentWriter::next_piece(File next, const ObjectHeader& header,
                                               BasePages& bases) {
  State& state = *state_;
  TRY(state.flush(bases));
  TRY(state.coverage.proven());
  ObjectOutput output = TRY(ObjectOutput::create(std::move(next), state.options.page_size));
  ObjectHeader provisional = header;
  provisional.kind = Kind::kSegment;
  provisional.page_size = state.options.page_size;
  provisional.last = std::max(header.last, Txid(header.first.value + transactions()));
  provisional.piece = {state.pieces + 1, state.pieces + 2};
  SealedObject sealed = TRY(state.output.finish(provisional, state.take_page_hashes()));
  state.output = std::move(output);
  state.run = 0;
  ++state.pieces;
  return sealed;
}

Result<SealedObject> SegmentWriter::seal(const ObjectHeader& header, const wal::Position* position,
                                         BasePages& bases) {
  State& state = *state_;
  if (in_transaction() || state.transactions.empty())
    return make_error(Code::kInternal, in_transaction()
                                           ? "seal a segment: its last transaction is still open"
                                           : "seal a segment: it holds no transaction");
  const std::uint64_t expected =
      header.completeness == Completeness::kAll ? header.last.value - header.first.value + 1 : 1;
  if (transactions() != expected)
    return make_error(Code::kInternal,
                      fmt::format("seal a segment: it holds {} transactions, its range {}",
                                  transactions(), expected));
  TRY(state.flush(bases));
  TRY(state.coverage.proven());
  ObjectHeader final = header;
  final.kind = Kind::kSegment;
  final.page_size = state.options.page_size;
  final.piece = {state.pieces + 1, state.pieces + 1};
  final.first_seen = state.transactions.front().seen;
  final.last_seen = state.transactions.back().seen;
  final.pages_after = state.transactions.back().pages;
  final.checksum_after = state.transactions.back().checksum;
  TRY(decode_header(encode_header(final)));
  Index rest = state.take_page_hashes();
  rest.transactions = std::move(state.transactions);
  if (position != nullptr) rest.position = *position;
  return state.output.finish(final, std::move(rest));
}

Status complete_pieces(std::vector<SealedObject>& pieces) {
  for (std::size_t i = 0; i + 1 < pieces.size(); ++i) {
    ObjectHeader header = pieces.back().header;
    header.piece.index = static_cast<std::uint32_t>(i + 1);
    pieces[i].hash = TRY(rewrite_header(pieces[i].file, header));
    pieces[i].header = header;
  }
  return {};
}

}  // namespace streamd::segment
