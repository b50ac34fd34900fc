// Objects of a replica: segments, parts, manifests, and their encrypted form.
#include <algorithm>

#include "base/source.h"
#include "crypt/container.h"
#include "crypt/generation_key.h"
#include "crypt/opening.h"
#include "loose_object.h"
#include "segment/limits.h"
#include "segment/reader.h"
#include "target.h"

namespace streamd::fuzz {
namespace {

// Everything that can be read of an object, as a restore does.
void read_all(ByteView object) {
  const MemorySource source(object);
  static_cast<void>(segment::read_header(source).has_value());
  const auto reader = segment::ObjectReader::open(source);
  if (!reader) return;
  require(reader->index().images.size() <= segment::kMaxImages, "an object has kMaxImages at most");
  const bool whole = reader->verify_blocks().has_value();
  Bytes raw;
  for (std::size_t i = 0; i < reader->blocks(); ++i) {
    const segment::Block& block = reader->block(i);
    require(block.raw <= segment::kMaxBlockBytes, "a block has kMaxBlockBytes at most");
    require(reader->images(i).size() * reader->header().page_size == block.raw,
            "a block holds the images that it lists");
    const auto stored = reader->read_block(i);
    require(stored.has_value() || !whole, "a verified block can be read");
    if (!stored) continue;
    const Bytes bases(reader->base_pages(i).size() * std::size_t{reader->header().page_size});
    raw.resize(block.raw);
    static_cast<void>(reader->decode_block(i, *stored, bases, raw).has_value());
  }
}

void object(ByteView bytes) {
  read_all(bytes);
}

void loose_object(ByteView bytes) {
  read_all(tighten(bytes));
}

// The header, where the blocks end, the index as it is behind its compression.
void index_of_object(ByteView bytes) {
  constexpr std::size_t kBefore = segment::kHeaderSize + 8;
  if (bytes.size() < kBefore) return;
  const auto blocks_end = load_le<std::uint64_t>(bytes.data() + segment::kHeaderSize);
  const Bytes whole = tighten(bytes.first(segment::kHeaderSize + 4));
  const auto header = segment::decode_header(ByteView(whole).first(segment::kHeaderSize));
  if (!header || blocks_end < segment::kHeaderSize) return;
  const auto index = segment::decode_index(*header, bytes.subspan(kBefore), blocks_end);
  if (!index) return;
  const auto again = segment::encode_index(*header, *index);
  if (!again) return;  // more than a writer would ever write
  const auto same = segment::decode_index(*header, *again, blocks_end);
  require(same.has_value(), "an index that was written can be read");
  require(*same == *index, "an index means the same when it is written again");
}

const std::string kName =
    "generations/00000003deadbeef/segments/0/"
    "000000000000000a-00000000000000ff-20261122T192549123Z.all";

const crypt::GenerationKey& generation_key() {
  static const crypt::GenerationKey kKey(GenerationId(0x00000003deadbeef), Uuid{}, {1, 2, 3});
  return kKey;
}

// Two numbers say which range is read, and the third in which steps it arrives. What follows is a
// plain object that was put with the key, changed at the place that the fourth says, or, when that
// is zero, the sealed bytes themselves.
void encrypted(ByteView bytes) {
  ByteReader in(bytes);
  const std::uint64_t offset = in.le<std::uint16_t>(), length = in.le<std::uint16_t>();
  const std::size_t step = in.le<std::uint16_t>() + std::size_t{1};
  const std::size_t change = in.le<std::uint16_t>();
  if (!in.ok()) return;
  const ByteView rest = in.take(in.remaining());
  Bytes sealed(rest.begin(), rest.end());
  if (change > 0) {
    const MemorySource plain(rest);
    const auto source = crypt::SealedSource::over(plain, generation_key(), kName);
    sealed.resize((*source)->size());
    require((*source)->read_at(0, sealed).has_value(), "what is sealed can be read");
    if (change < sealed.size()) sealed[change] ^= 1;
  }
  std::uint64_t got = 0;
  const storage::Sink sink = [&](ByteView piece) -> Status {
    got += piece.size();
    return {};
  };
  const auto cipher_of = [](const crypt::Header& header) -> Result<crypt::CipherPtr> {
    return std::make_shared<const crypt::ChunkCipher>(generation_key(), header, kName);
  };
  const std::uint64_t wanted = length == UINT16_MAX ? storage::kToTheEnd : length;
  crypt::Opening opening(kName, offset, wanted, nullptr, cipher_of, sink);
  for (ByteView left = sealed; !left.empty() && !opening.done();) {
    require(opening.wanted() > 0, "who is not done wants something");
    const ByteView piece = left.first(std::min(step, left.size()));
    left = left.subspan(piece.size());
    if (!opening.take(piece)) return;
  }
  require(got <= rest.size(), "no more comes out than went in");
  if (opening.done() && wanted != storage::kToTheEnd)
    require(got == wanted, "all that was asked for comes out");
}

void plain_size(ByteView bytes) {
  ByteReader in(bytes);
  const std::uint64_t sealed = in.le<std::uint64_t>();
  require(crypt::plain_size(sealed) <= sealed, "a plain object is not larger than its sealed form");
}

void wrapped_key(ByteView bytes) {
  const auto wrapped = crypt::parse_wrapped(as_text(bytes), "keys/x");
  if (!wrapped) return;
  const auto again = crypt::parse_wrapped(crypt::encode(*wrapped), "keys/x");
  require(again && *again == *wrapped, "a wrapped key means the same when it is written again");
}

void identity(ByteView bytes) {
  static_cast<void>(crypt::parse_public_key(as_text(bytes)).has_value());
  static_cast<void>(crypt::parse_identities(as_text(bytes)).has_value());
}

constexpr Target kTargets[] = {
    {"object", object},       {"loose-object", loose_object}, {"index", index_of_object},
    {"encrypted", encrypted}, {"plain-size", plain_size},     {"wrapped-key", wrapped_key},
    {"identity", identity},
};

}  // namespace

std::span<const Target> object_targets() {
  return kTargets;
}

}  // namespace streamd::fuzz
