#include "litestream/ltx.h"

#include <algorithm>

#include "litestream/crc64.h"

namespace streamd::litestream {
namespace {

constexpr std::uint32_t kMagic = 0x4c545831;  // LTX1
constexpr std::uint32_t kNoDatabaseChecksum = 2;
constexpr std::uint16_t kBareBlock = 1;  // of a page: its size is written, and no LZ4 frame
constexpr std::size_t kPageHeaderSize = 6;
constexpr std::uint64_t kChecksumMark = std::uint64_t{1} << 63;

std::uint64_t load_be64(const std::uint8_t* at) {
  return __builtin_bswap64(load_le<std::uint64_t>(at));
}

Error corrupt(const std::string& why) {
  return make_error(Code::kCorrupt, why);
}

std::string page_words(PageNo page) {
  return "page " + std::to_string(page.value);
}

// How many pages of (from, to] are stored: all but the lock page.
std::uint32_t stored_between(std::uint32_t from, std::uint32_t to, std::uint32_t page_size) {
  if (to <= from) return 0;
  const std::uint32_t lock = lock_page(page_size).value;
  return to - from - (lock > from && lock <= to ? 1 : 0);
}

}  // namespace

Result<LtxHeader> parse_ltx_header(ByteView bytes) {
  if (bytes.size() < kLtxHeaderSize || load_be32(bytes.data()) != kMagic)
    return corrupt("it does not begin as an LTX file");
  const std::uint8_t* at = bytes.data();
  if (load_be32(at + 4) != kNoDatabaseChecksum)
    return make_error(Code::kUnsupported, "its flags are none that Litestream sets");
  LtxHeader header;
  header.page_size = load_be32(at + 8);
  header.pages = load_be32(at + 12);
  header.first = Txid(load_be64(at + 16));
  header.last = Txid(load_be64(at + 24));
  const std::uint64_t milliseconds_since = load_be64(at + 32);
  constexpr std::uint64_t kLatest = std::uint64_t{1} << 52;
  if (!valid_page_size(header.page_size) || header.pages == 0 || header.first.value == 0 ||
      header.first > header.last || milliseconds_since > kLatest)
    return corrupt("its header is damaged");
  header.time = static_cast<Micros>(milliseconds_since) * 1000;
  return header;
}

Result<LtxApplier> LtxApplier::create(File& file) {
  return LtxApplier(file, TRY(FrameDecoder::create()));
}

Result<LtxHeader> LtxApplier::read_header(ObjectStream& stream, const LtxFile& object,
                                          Crc64& checksum) {
  std::array<std::uint8_t, kLtxHeaderSize> raw{};
  TRY(stream.read(raw));
  checksum.update(raw);
  const LtxHeader header = TRY(parse_ltx_header(raw));
  if (header.first != object.first || header.last != object.last)
    return corrupt("its header is of other transactions than its name");
  if (state_.page_size != 0 && state_.page_size != header.page_size)
    return corrupt("its page size is another one than that of the file before");
  if (state_.page_size == 0 && header.first.value != 1)
    return corrupt("it does not hold the whole database");
  return header;
}

// A whole LZ4 frame, whose end only the frame itself tells.
Status LtxApplier::read_frame(ObjectStream& stream) {
  decoder_.start_over();
  std::size_t made = 0;
  std::array<std::uint8_t, 1> none_left{};
  for (bool ended = false; !ended;) {
    const ByteView here = TRY(stream.more());
    if (here.empty()) return corrupt("it ends too early");
    const bool full = made == page_.size();  // the end of the frame still follows
    const MutableBytes room = full ? MutableBytes(none_left) : MutableBytes(page_).subspan(made);
    const FrameDecoder::Step step = TRY(decoder_.decode(here, room));
    if (full && step.made != 0) return corrupt("a page is larger than the page size");
    if (step.taken == 0 && step.made == 0 && !step.ended)
      return corrupt("a page does not decompress");
    stream.consume(step.taken);
    made += step.made;
    ended = step.ended;
  }
  return made == page_.size() ? Status{} : corrupt("a page is smaller than the page size");
}

Status LtxApplier::read_page(ObjectStream& stream, std::uint16_t flags, Crc64& checksum) {
  if (flags == 0) {
    TRY(read_frame(stream));
  } else if (flags == kBareBlock) {
    std::array<std::uint8_t, 4> size{};
    TRY(stream.read(size));
    checksum.update(size);
    const std::uint32_t length = load_be32(size.data());
    if (length > largest_block(page_.size())) return corrupt("a page is too large");
    packed_.resize(length);
    TRY(stream.read(packed_));
    TRY(decode_block(packed_, page_));
  } else {
    return make_error(Code::kUnsupported, "a page has flags that this version does not know");
  }
  checksum.update(page_);
  return {};
}

Status LtxApplier::read_pages(ObjectStream& stream, const LtxHeader& header, Crc64& checksum) {
  const bool whole = header.first.value == 1;
  const PageNo lock = lock_page(header.page_size);
  const std::uint32_t had = whole ? 0 : state_.pages;
  std::uint32_t added = 0;
  page_.resize(header.page_size);
  for (PageNo before{};;) {
    std::array<std::uint8_t, kPageHeaderSize> raw{};
    TRY(stream.read(raw));
    checksum.update(raw);
    const PageNo page(load_be32(raw.data()));
    const auto flags = static_cast<std::uint16_t>(raw[4] << 8 | raw[5]);
    if (page.value == 0 && flags == 0) break;
    if (page <= before || page.value > header.pages || page == lock)
      return corrupt(page_words(page) + " is out of place");
    if (Status read = read_page(stream, flags, checksum); !read)
      return std::move(read.error()).with_context(page_words(page));
    TRY(file_.write_at((page.value - 1) * std::uint64_t{header.page_size}, page_));
    if (page.value > had) ++added;
    before = page;
  }
  if (added != stored_between(had, header.pages, header.page_size))
    return corrupt("it lacks pages of the database");
  return {};
}

Status LtxApplier::apply(ObjectStream& stream, const LtxFile& object) {
  Crc64 checksum;
  const LtxHeader header = TRY(read_header(stream, object, checksum));
  TRY(read_pages(stream, header, checksum));
  if (stream.remaining() < kLtxIndexMinimum + kLtxTrailerSize) return corrupt("it ends too early");
  while (stream.remaining() > 8) {
    ByteView here = TRY(stream.more());
    here = here.first(std::min<std::uint64_t>(here.size(), stream.remaining() - 8));
    checksum.update(here);
    stream.consume(here.size());
  }
  std::array<std::uint8_t, 8> stored{};
  TRY(stream.read(stored));
  if (load_be64(stored.data()) != (checksum.value() | kChecksumMark))
    return corrupt("its checksum is wrong");
  TRY(file_.truncate(header.pages * std::uint64_t{header.page_size}));
  state_ = header;
  return {};
}

}  // namespace streamd::litestream
