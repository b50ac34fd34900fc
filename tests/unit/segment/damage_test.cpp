// Hostile objects: always an error that says so, never a crash or a wrong page.
#include "history.h"
#include "segment/limits.h"
#include "segment/object_output.h"
#include "segment/sections.h"

using namespace streamd;
using namespace streamd::segment;

namespace {

// A segment of a few runs with bases, and its bytes.
struct Sample {
  Sample() : maker(512, 5), capture(folder, {}, 512, 512 * 9) {
    for (int i = 0; i < 3; ++i) capture.add(maker.next(capture.now));
    capture.seal();
    for (int i = 0; i < 9; ++i) capture.add(maker.next(capture.now));
    wal::Position position;
    position.frame = 4;
    bytes = contents(capture.seal(&position).file);
  }
  TempFolder folder;
  HistoryMaker maker;
  Capture capture;
  Bytes bytes;
};

Code open_code(const Bytes& bytes) {
  const MemorySource source(bytes);
  const Status status = verify_object(source, Depth::kStored);
  BOOST_REQUIRE(!status);
  BOOST_REQUIRE(!status.error().message.empty());
  return status.error().code;
}

HeaderBytes head_of(const Bytes& bytes) {
  HeaderBytes head;
  std::copy_n(bytes.begin(), kHeaderSize, head.begin());
  return head;
}

// The object with another header or footer, hashes in order.
Bytes resealed(Bytes bytes, const ObjectHeader& header, const Footer& footer) {
  const HeaderBytes head = encode_header(header);
  const FooterBytes foot = encode_footer(head, footer);
  std::copy(head.begin(), head.end(), bytes.begin());
  std::copy(foot.begin(), foot.end(), bytes.end() - kFooterSize);
  return bytes;
}

struct Parsed {
  explicit Parsed(const Bytes& bytes)
      : header(must(decode_header(head_of(bytes)))),
        footer(must(decode_footer(head_of(bytes), ByteView(bytes).last(kFooterSize)))) {}
  ObjectHeader header;
  Footer footer;
};

// An index as its encoder wrote it, for tests that go past the hashes.
struct RawIndex {
  explicit RawIndex(const Bytes& object) {
    const MemorySource source(object);
    const ObjectReader reader = must(ObjectReader::open(source));
    header = reader.header();
    index = reader.index();
    blocks_end =
        reader.block(reader.blocks() - 1).offset + reader.block(reader.blocks() - 1).stored;
    bytes = must(encode_index(header, index));
  }
  RawIndex(const ObjectHeader& of, const Index& encoded)
      : header(of),
        index(encoded),
        blocks_end(index.blocks.back().offset + index.blocks.back().stored),
        bytes(must(encode_index(header, index))) {}
  Result<Index> decode() const { return decode_index(header, bytes, blocks_end); }
  Code code() const { return decode().error().code; }
  // Position of a section's type field.
  std::size_t find(Section section) const {
    std::size_t at = 0;
    while ((load_le<std::uint16_t>(&bytes[at]) & 0x7fff) != static_cast<std::uint16_t>(section))
      at += 8 + load_le<std::uint32_t>(&bytes[at + 4]);
    return at;
  }
  void append_section(std::uint16_t type, const Bytes& body) {
    append_le(bytes, type);
    append_le(bytes, std::uint16_t{0});
    append_le(bytes, static_cast<std::uint32_t>(body.size()));
    append(bytes, body);
  }
  void replace(Section section, const Bytes& body) {
    const std::size_t at = find(section);
    const std::size_t length = 8 + load_le<std::uint32_t>(&bytes[at + 4]);
    const auto type = load_le<std::uint16_t>(&bytes[at]);
    bytes.erase(bytes.begin() + static_cast<std::ptrdiff_t>(at),
                bytes.begin() + static_cast<std::ptrdiff_t>(at + length));
    append_section(type, body);
  }
  ObjectHeader header;
  Index index;
  std::uint64_t blocks_end = 0;
  Bytes bytes;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(damage)

BOOST_AUTO_TEST_CASE(every_flipped_byte_is_noticed) {
  const Sample sample;
  Bytes bytes = sample.bytes;
  for (std::size_t at = 0; at < bytes.size(); ++at)
    for (const std::uint8_t flip : std::initializer_list<std::uint8_t>{0x01, 0x80, 0xff}) {
      bytes[at] ^= flip;
      const Code code = open_code(bytes);
      BOOST_REQUIRE((code == Code::kCorrupt || code == Code::kUnsupported));
      bytes[at] ^= flip;
    }
  BOOST_TEST((bytes == sample.bytes));
}

BOOST_AUTO_TEST_CASE(every_truncation_and_extension_is_noticed) {
  const Sample sample;
  for (std::size_t size = 0; size < sample.bytes.size(); ++size)
    BOOST_REQUIRE((open_code(Bytes(sample.bytes.begin(),
                                   sample.bytes.begin() + static_cast<std::ptrdiff_t>(size))) ==
                   Code::kCorrupt));
  Bytes longer = sample.bytes;
  longer.push_back(0);
  BOOST_TEST((open_code(longer) == Code::kCorrupt));
  append(longer, ByteView(sample.bytes));
  BOOST_TEST((open_code(longer) == Code::kCorrupt));
}

BOOST_AUTO_TEST_CASE(header_and_footer_of_different_objects_do_not_mix) {
  Sample sample;
  Bytes mixed = sample.bytes;
  ObjectHeader header = Parsed(mixed).header;
  header.level = 1;
  const HeaderBytes head = encode_header(header);
  std::copy(head.begin(), head.end(), mixed.begin());
  BOOST_TEST((open_code(mixed) == Code::kCorrupt));
}

BOOST_AUTO_TEST_CASE(a_newer_major_version_names_both_and_what_to_do) {
  const Sample sample;
  const Parsed parsed(sample.bytes);
  ObjectHeader header = parsed.header;
  header.major = 9;
  const Bytes newer = resealed(sample.bytes, header, parsed.footer);
  const MemorySource source(newer);
  const auto error = ObjectReader::open(source).error();
  BOOST_TEST((error.code == Code::kUnsupported));
  BOOST_TEST(error.message.find("format 9") != std::string::npos);
  BOOST_TEST(error.message.find("up to 1") != std::string::npos);
  BOOST_TEST(error.hint.find("upgrade") != std::string::npos);
  header.major = kFormatMajor;
  header.minor = 12;
  const Bytes minor = resealed(sample.bytes, header, parsed.footer);
  must(verify_object(MemorySource(minor), Depth::kStored));
}

BOOST_AUTO_TEST_CASE(a_header_that_makes_no_sense_is_refused) {
  const Sample sample;
  const ObjectHeader good = Parsed(sample.bytes).header;
  const auto code = [&](auto edit) {
    ObjectHeader header = good;
    edit(header);
    return decode_header(encode_header(header)).error().code;
  };
  using Header = ObjectHeader;
  BOOST_TEST((code([](Header& h) { h.kind = Kind{9}; }) == Code::kUnsupported));
  BOOST_TEST((code([](Header& h) { h.kind = Kind::kPart; }) == Code::kCorrupt));
  BOOST_TEST((code([](Header& h) { h.completeness = Completeness::kNone; }) == Code::kCorrupt));
  BOOST_TEST((code([](Header& h) { h.completeness = Completeness{4}; }) == Code::kCorrupt));
  BOOST_TEST((code([](Header& h) { h.page_size = 513; }) == Code::kCorrupt));
  BOOST_TEST((code([](Header& h) { h.first = Txid(); }) == Code::kCorrupt));
  BOOST_TEST((code([](Header& h) { h.last = Txid(1); }) == Code::kCorrupt));
  BOOST_TEST((code([](Header& h) { h.piece = {0, 0}; }) == Code::kCorrupt));
  BOOST_TEST((code([](Header& h) { h.piece = {3, 2}; }) == Code::kCorrupt));
  BOOST_TEST((code([](Header& h) { h.piece = {1, 1000000}; }) == Code::kCorrupt));
  BOOST_TEST((decode_header(Bytes(12)).error().code == Code::kCorrupt));
  BOOST_TEST(std::string(kind_name(Kind::kSegment)) + kind_name(Kind::kPart) +
                 kind_name(Kind::kManifest) + kind_name(Kind{77}) ==
             "segmentpartmanifestunknown");
}

BOOST_AUTO_TEST_CASE(every_field_of_header_and_footer_comes_back) {
  ObjectHeader header = Parsed(Sample().bytes).header;
  header.flags = kChecksumUnknown | 0x80;
  header.instance = Uuid::make();
  header.piece = {3, 9};
  header.first_seen = -5;
  header.key_id[15] = 4;
  header.salt[31] = 5;
  BOOST_TEST((must(decode_header(encode_header(header))) == header));
  const Footer footer{1, 2, 3, 4, 5};
  const HeaderBytes head = encode_header(header);
  const FooterBytes foot = encode_footer(head, footer);
  BOOST_TEST((must(decode_footer(head, foot)) == footer));
  BOOST_TEST((decode_footer(head, ByteView(foot).first(47)).error().code == Code::kCorrupt));
}

BOOST_AUTO_TEST_CASE(a_footer_that_points_elsewhere_is_refused_before_memory_is_taken) {
  const Sample sample;
  const Parsed parsed(sample.bytes);
  const auto code = [&](auto edit) {
    Footer footer = parsed.footer;
    edit(footer);
    return open_code(resealed(sample.bytes, parsed.header, footer));
  };
  BOOST_TEST((code([](Footer& f) { ++f.object_size; }) == Code::kCorrupt));
  BOOST_TEST((code([](Footer& f) { f.index_offset = 3; }) == Code::kCorrupt));
  BOOST_TEST((code([](Footer& f) { f.index_offset = UINT64_MAX; }) == Code::kCorrupt));
  BOOST_TEST((code([](Footer& f) { ++f.index_stored; }) == Code::kCorrupt));
  BOOST_TEST((code([](Footer& f) { f.index_raw = UINT32_MAX; }) == Code::kCorrupt));
  BOOST_TEST((code([](Footer& f) { f.index_raw = 200 * kMiB; }) == Code::kCorrupt));
  BOOST_TEST((code([](Footer& f) { ++f.index_raw; }) == Code::kCorrupt));
  BOOST_TEST((code([](Footer& f) { --f.index_raw; }) == Code::kCorrupt));
  BOOST_TEST((code([](Footer& f) { ++f.index_hash; }) == Code::kCorrupt));
}

BOOST_AUTO_TEST_CASE(unknown_sections_are_skipped_or_refused_by_their_bit) {
  const Sample sample;
  RawIndex raw(sample.bytes);
  raw.append_section(0x7123, Bytes(9, 1));
  BOOST_TEST((must(raw.decode()) == raw.index));
  raw.append_section(0x0000, Bytes(1, 1));
  BOOST_TEST((must(raw.decode()) == raw.index));
  raw.append_section(0x8000 | 0x7124, Bytes(9, 1));
  BOOST_TEST((raw.code() == Code::kUnsupported));
}

BOOST_AUTO_TEST_CASE(sections_appear_once_and_the_needed_ones_are_there) {
  const Sample sample;
  RawIndex twice(sample.bytes);
  twice.append_section(6, Bytes(wal::kPositionSize));
  BOOST_TEST((twice.code() == Code::kCorrupt));
  for (const Section section : {Section::kBlocks, Section::kImages, Section::kTransactions}) {
    RawIndex raw(sample.bytes);
    raw.bytes[raw.find(section)] = 0x70;
    raw.bytes[raw.find(Section{0x70}) + 1] = 0;
    BOOST_TEST((raw.code() == Code::kCorrupt));
  }
  for (const Section section : {Section::kPageHashes, Section::kPosition}) {
    RawIndex raw(sample.bytes);
    raw.bytes[raw.find(section)] = 0x70;
    BOOST_TEST(raw.decode().has_value());
  }
  RawIndex manifest(sample.bytes);
  manifest.append_section(0x8005, Bytes(13));
  BOOST_TEST((manifest.code() == Code::kCorrupt));
  RawIndex cut(sample.bytes);
  cut.bytes.pop_back();
  BOOST_TEST((cut.code() == Code::kCorrupt));
}

BOOST_AUTO_TEST_CASE(blocks_must_lie_in_the_object_in_order) {
  const Sample sample;
  const RawIndex good(sample.bytes);
  BOOST_REQUIRE(good.index.blocks.size() > 2u);
  const auto code = [&](auto edit) {
    RawIndex raw = good;
    edit(raw.index.blocks);
    raw.bytes = must(encode_index(raw.header, raw.index));
    return raw.code();
  };
  using Blocks = std::vector<Block>;
  BOOST_TEST((code([](Blocks& b) { b[0].offset += 1; }) == Code::kCorrupt));
  BOOST_TEST((code([](Blocks& b) { b[1].offset = UINT64_MAX; }) == Code::kCorrupt));
  BOOST_TEST((code([](Blocks& b) { b[1].stored = 0; }) == Code::kCorrupt));
  BOOST_TEST((code([](Blocks& b) { b.back().stored += 1; }) == Code::kCorrupt));
  BOOST_TEST((code([](Blocks& b) { b.back().stored -= 1; }) == Code::kCorrupt));
  BOOST_TEST((code([](Blocks& b) { b[0].raw = 0; }) == Code::kCorrupt));
  BOOST_TEST((code([](Blocks& b) { b[0].raw += 1; }) == Code::kCorrupt));
  BOOST_TEST((code([](Blocks& b) { b[0].raw = 2 * kMiB; }) == Code::kCorrupt));
  BOOST_TEST((code([](Blocks& b) { b[0].encoding = Encoding::kRaw; }) == Code::kCorrupt));
  BOOST_TEST((code([](Blocks& b) { b[0].encoding = Encoding{3}; }) == Code::kUnsupported));
  BOOST_TEST((code([](Blocks& b) { b[0].run = 1; }) == Code::kCorrupt));
  BOOST_TEST((code([](Blocks& b) { b.back().run += 2; }) == Code::kCorrupt));
  RawIndex half = good;
  half.replace(Section::kBlocks, Bytes(kBlockRecord + 1));
  BOOST_TEST((half.code() == Code::kCorrupt));
}

BOOST_AUTO_TEST_CASE(hostile_counts_are_refused_before_memory_is_taken) {
  const Sample sample;
  const auto with = [&](Section section, std::initializer_list<std::uint64_t> numbers) {
    RawIndex raw(sample.bytes);
    Bytes body;
    for (const std::uint64_t number : numbers) append_varint(body, number);
    raw.replace(section, body);
    return raw.code() == Code::kCorrupt;
  };
  BOOST_TEST(with(Section::kPageHashes, {UINT64_MAX}));
  BOOST_TEST(with(Section::kPageHashes, {1ull << 40, 0, 0, 0, 0, 0, 0, 0, 0}));
  BOOST_TEST(with(Section::kPageHashes, {}));
  BOOST_TEST(with(Section::kPageHashes, {1, UINT32_MAX, 0, 0, 0, 0, 0, 0, 0, 0}));
  BOOST_TEST(with(Section::kPageHashes, {1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}));
  BOOST_TEST(with(Section::kPageHashes,
                  {2, UINT32_MAX - 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}));
  BOOST_TEST(!with(Section::kPageHashes, {1, UINT32_MAX - 1, 0, 0, 0, 0, 0, 0, 0, 0}));
  BOOST_TEST(with(Section::kTransactions, {}));
  BOOST_TEST(with(Section::kTransactions, {UINT64_MAX}));
  BOOST_TEST(with(Section::kTransactions, {9, 0, 0, 0}));
  BOOST_TEST(with(Section::kTransactions, {0}));
  BOOST_TEST(with(Section::kTransactions, {1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}));
  BOOST_TEST(with(Section::kPosition, {1, 2}));
  RawIndex longer(sample.bytes);
  longer.replace(Section::kPosition, Bytes(wal::kPositionSize + 1));
  BOOST_TEST((longer.code() == Code::kCorrupt));
  BOOST_TEST(with(Section::kImages, {0, UINT64_MAX, 0}));     // more than the block holds
  BOOST_TEST(with(Section::kImages, {UINT64_MAX, 0, 0}));     // page
  BOOST_TEST(with(Section::kImages, {UINT32_MAX, 2, 0}));     // runs past the last page
  BOOST_TEST(with(Section::kImages, {0, 1, 0}));              // one page, one image
  BOOST_TEST(with(Section::kImages, {0, 0, UINT64_MAX}));     // transaction
  BOOST_TEST(with(Section::kImages, {0, 0, 1}));              // ordinal -1
  BOOST_TEST(with(Section::kImages, {0, 0, 200}));            // ordinal 100
  BOOST_TEST(with(Section::kImages, {0, 3, 0, UINT64_MAX}));  // ordinal of a version
  BOOST_TEST(with(Section::kImages, {lock_page(512).value - 1, 0, 0}));
  BOOST_TEST(with(Section::kImages, {}));
}

// Of one block of a part, or of a segment of very many transactions.
BOOST_AUTO_TEST_CASE(images_and_bases_of_a_block) {
  ObjectHeader header;
  header.page_size = 512;
  header.completeness = Completeness::kAll;
  header.first = Txid(1);
  header.last = Txid(1ull << 33);
  header.piece = {1, 2};
  const auto decode = [&](std::uint32_t images, Encoding encoding,
                          std::initializer_list<std::uint64_t> numbers) {
    Index index;
    index.blocks.push_back({.offset = kHeaderSize, .stored = 10, .raw = images * 512});
    index.blocks.back().encoding = encoding;
    Bytes body;
    for (const std::uint64_t number : numbers) append_varint(body, number);
    RawIndex raw(header, index);
    raw.replace(Section::kImages, body);
    return raw.decode();
  };
  const auto corrupt = [](const Result<Index>& index) {
    return !index && index.error().code == Code::kCorrupt;
  };
  constexpr std::uint64_t kFar = 2ull * UINT32_MAX;  // UINT32_MAX transactions on
  BOOST_TEST(must(decode(1, Encoding::kZstd, {0, 0, kFar})).images[0].transaction == UINT32_MAX);
  BOOST_TEST(corrupt(decode(2, Encoding::kZstd, {0, 0, kFar, 0, 0, 2})));
  BOOST_TEST(corrupt(decode(1, Encoding::kZstd, {0, 0})));                    // ends too early
  BOOST_TEST(corrupt(decode(1, Encoding::kZstd, {0, 0, 0, 0})));              // goes on
  const auto some = must(decode(2, Encoding::kZstdPrefix, {0, 2, 0, 1, 0}));  // not the first
  BOOST_TEST((some.bases == std::vector{PageNo(2)}));
  BOOST_TEST(corrupt(decode(2, Encoding::kZstdPrefix, {0, 2, 0, 2, 0, 0})));  // none has one
  BOOST_TEST(corrupt(decode(2, Encoding::kZstdPrefix, {0, 3, 0, 0, 1, 0})));  // nor that page
  BOOST_TEST(corrupt(decode(2, Encoding::kZstdPrefix, {0, 2, 0, 1, 2})));     // the third of two
  BOOST_TEST(corrupt(decode(2, Encoding::kZstdPrefix, {0, 2, 0, 1})));        // cut short
}

BOOST_AUTO_TEST_CASE(bases_of_some_pages_come_back) {
  ObjectHeader header;
  header.page_size = 512;
  header.kind = Kind::kPart;
  Index index;
  for (const std::uint32_t page : {1u, 2u, 2u, 3u, 7u}) index.images.push_back({PageNo(page), 0});
  Block block{.offset = kHeaderSize, .stored = 10, .raw = 5 * 512};
  block.encoding = Encoding::kZstdPrefix;
  block.images = 5;
  for (const std::vector<std::uint32_t>& pages :
       {std::vector{1u}, {7u}, {2u, 3u}, {1u, 2u, 3u, 7u}}) {
    index.bases.clear();
    for (const std::uint32_t page : pages) index.bases.push_back(PageNo(page));
    block.bases = static_cast<std::uint32_t>(index.bases.size());
    index.blocks = {block};
    BOOST_TEST((must(RawIndex(header, index).decode()) == index));
  }
}

BOOST_AUTO_TEST_CASE(no_object_holds_more_images_than_are_allowed) {
  ObjectHeader header;
  header.page_size = 512;
  header.kind = Kind::kPart;
  constexpr std::uint32_t kInBlock = kMaxBlockBytes / 512;
  Index index;
  Bytes body;
  for (std::uint64_t images = 0; images <= kMaxImages; images += kInBlock) {
    index.blocks.push_back(
        {.offset = kHeaderSize + index.blocks.size(), .stored = 1, .raw = kMaxBlockBytes});
    index.blocks.back().encoding = Encoding::kZstd;
    for (const std::uint64_t number :
         {std::uint64_t{0}, std::uint64_t{2} * (kInBlock - 1), std::uint64_t{0}})
      append_varint(body, number);
  }
  RawIndex raw(header, index);
  raw.replace(Section::kImages, body);
  BOOST_TEST(raw.decode().error().message == "read an object's index: too many images");
}

BOOST_AUTO_TEST_CASE(a_hostile_manifest_is_refused) {
  ObjectHeader header;
  header.kind = Kind::kManifest;
  header.page_size = 512;
  RawIndex raw(Sample().bytes);
  const auto refused = [&](const Bytes& body) {
    raw.bytes.clear();
    for (const std::uint16_t empty : std::initializer_list<std::uint16_t>{0x8001, 0x8002})
      raw.append_section(empty, {});
    raw.append_section(0x8005, body);
    const auto decoded = decode_index(header, raw.bytes, kHeaderSize);
    return !decoded && decoded.error().code == Code::kCorrupt;
  };
  const auto list = [](std::uint64_t count, const std::string& key, std::uint64_t pages) {
    Bytes body(12);
    append_varint(body, count);
    append_varint(body, key.size());
    append(body, as_bytes(key));
    append_varint(body, 5);
    append_varint(body, pages);
    return body;
  };
  const auto corrupt = [&](std::uint64_t count, const std::string& key, std::uint64_t pages) {
    return refused(list(count, key, pages));
  };
  const std::string part = to_text(catalog::PartKey{GenerationId(1), PageNo(1), Txid(1), {}});
  BOOST_TEST(!corrupt(1, part, 9));
  BOOST_TEST(corrupt(2, part, 9));
  BOOST_TEST(corrupt(UINT64_MAX, part, 9));
  BOOST_TEST(corrupt(1, part, 0));
  BOOST_TEST(corrupt(1, part, UINT64_MAX));
  BOOST_TEST(corrupt(1, "../../etc/passwd", 9));
  Bytes changed = list(1, part, 9);
  changed.push_back(0);
  BOOST_TEST(refused(changed));
  changed.resize(changed.size() - 3);  // without the two numbers of the part
  BOOST_TEST(refused(changed));
  BOOST_TEST(refused(Bytes(12)));
}

BOOST_AUTO_TEST_CASE(random_indexes_never_do_harm) {
  const Sample sample;
  const RawIndex good(sample.bytes);
  std::mt19937 random(3);
  int accepted = 0;
  for (int round = 0; round < 20000; ++round) {
    RawIndex raw = good;
    for (auto left = 1 + random() % 4; left > 0; --left)
      raw.bytes[random() % raw.bytes.size()] = static_cast<std::uint8_t>(random());
    if (random() % 8 == 0) raw.bytes.resize(random() % raw.bytes.size());
    const auto index = raw.decode();
    if (!index) {
      BOOST_REQUIRE(
          (index.error().code == Code::kCorrupt || index.error().code == Code::kUnsupported));
      continue;
    }
    ++accepted;  // what is accepted is at least consistent
    for (const Block& block : index->blocks)
      BOOST_REQUIRE(index->images_of(block).size() * raw.header.page_size == block.raw);
  }
  BOOST_TEST(accepted > 0);
}

BOOST_AUTO_TEST_CASE(a_block_is_only_decoded_from_what_it_was_made_of) {
  const Sample sample;
  const MemorySource source(sample.bytes);
  const ObjectReader reader = must(ObjectReader::open(source));
  BOOST_REQUIRE(!reader.base_pages(0).empty());
  const Bytes stored = must(reader.read_block(0));
  Bytes out(reader.block(0).raw), bases(reader.base_pages(0).size() * 512);
  const auto code = [&](ByteView block, ByteView past, MutableBytes to) {
    return reader.decode_block(0, block, past, to).error().code;
  };
  BOOST_TEST((code(stored, bases, out) == Code::kCorrupt));  // other pages
  BOOST_TEST((code(stored, {}, out) == Code::kCorrupt));
  BOOST_TEST((code(ByteView(stored).first(3), bases, out) == Code::kCorrupt));
  BOOST_TEST((code(stored, bases, MutableBytes(out).first(512)) == Code::kInternal));
  Bytes flipped = stored;
  flipped[5] ^= 1;
  BOOST_TEST((code(flipped, bases, out) == Code::kCorrupt));
}

BOOST_AUTO_TEST_CASE(a_block_whose_hash_is_right_may_still_be_no_frame) {
  const TempFolder folder;
  ObjectOutput output = must(ObjectOutput::create(must(File::create_new(folder.file("x"))), 512));
  const ByteView stored = as_bytes("not a zstd frame");
  Block block;
  block.encoding = Encoding::kZstd;
  block.raw = 512;
  block.stored_hash = xxh3(stored);
  const ImageRef image{PageNo(1), 0};
  must(output.append_stored(block, stored, {&image, 1}, {}));
  ObjectHeader header;
  header.kind = Kind::kPart;
  header.page_size = 512;
  const SealedObject sealed = must(output.finish(header, {}));
  const FileSource source = must(FileSource::over(sealed.file));
  const ObjectReader reader = must(ObjectReader::open(source));
  Bytes out(512);
  BOOST_TEST((reader.decode_block(0, stored, {}, out).error().code == Code::kCorrupt));
}

namespace {

// An object of whatever size a listing says. Only its ends are there.
class Claimed final : public ByteSource {
 public:
  Claimed(std::uint64_t size, const HeaderBytes& head, const FooterBytes& foot)
      : size_(size), head_(head), foot_(foot) {}
  std::uint64_t size() const override { return size_; }
  Status read_at(std::uint64_t offset, MutableBytes out) const override {
    most_ = std::max(most_, out.size());
    if (offset < kHeaderSize) std::copy_n(head_.begin(), out.size(), out.begin());
    if (offset + out.size() == size_) std::copy(foot_.begin(), foot_.end(), out.end() - 48);
    return {};
  }
  std::size_t most() const { return most_; }  // bytes that were asked for at once

 private:
  std::uint64_t size_;
  HeaderBytes head_;
  FooterBytes foot_;
  mutable std::size_t most_ = 0;
};

}  // namespace

// Gigabytes that nobody has to keep: a store may say any size, a file may be sparse.
BOOST_AUTO_TEST_CASE(an_index_that_claims_gigabytes) {
  const Sample sample;
  Parsed parsed(sample.bytes);
  parsed.footer.index_offset = kHeaderSize;
  parsed.footer.index_stored = 0xf0000000u;
  parsed.footer.index_raw = 4096;
  parsed.footer.object_size = kHeaderSize + kFooterSize + std::uint64_t{0xf0000000u};
  const HeaderBytes head = encode_header(parsed.header);
  const Claimed source(parsed.footer.object_size, head, encode_footer(head, parsed.footer));
  const auto opened = ObjectReader::open(source);
  BOOST_REQUIRE(!opened);
  BOOST_TEST((opened.error().code == Code::kCorrupt));
  BOOST_TEST(source.most() <= 64 * kKiB);
}

BOOST_AUTO_TEST_CASE(a_block_that_is_longer_than_its_content) {
  const Sample sample;
  RawIndex raw(sample.bytes);
  auto& blocks = raw.index.blocks;
  std::size_t at = 0;
  while (at < blocks.size() && blocks[at].encoding == Encoding::kRaw) ++at;
  BOOST_REQUIRE(at < blocks.size());
  const std::uint32_t more = 0xf0000000u - blocks[at].stored;
  blocks[at].stored += more;
  raw.blocks_end += more;
  for (++at; at < blocks.size(); ++at) blocks[at].offset += more;
  raw.bytes = must(encode_index(raw.header, raw.index));
  BOOST_TEST((raw.code() == Code::kCorrupt));
}

BOOST_AUTO_TEST_SUITE_END()
