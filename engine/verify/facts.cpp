#include "verify/facts.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/hash.h"
#include "segment/page_set.h"
#include "segment/part_hash.h"

namespace streamd::verify {
namespace {

using segment::Kind;
using segment::ObjectReader;

constexpr std::uint64_t kWholeObject = 8 * kMiB;  // up to here one request brings all of it
constexpr Micros kMilli = 1000;

Error wrong(std::string why) {
  return make_error(Code::kCorrupt, std::move(why));
}

Micros in_name(Micros time) {  // rounded down, also before 1970
  return (time - ((time % kMilli) + kMilli) % kMilli);
}

// Bytes in memory, or the object itself where it is too large for that.
class Source {
 public:
  static Result<Source> open(storage::Store& store, const std::string& key, std::uint64_t size,
                             const storage::Call& call) {
    Source source;
    if (size > kWholeObject) {
      source.source_ = storage::object_source(store, key, size, call);
      return source;
    }
    source.bytes_ = std::make_unique<Bytes>(TRY(storage::get_all(store, key, kWholeObject, call)));
    source.source_ = std::make_unique<MemorySource>(*source.bytes_);
    return source;
  }
  const ByteSource& operator*() const { return *source_; }

 private:
  std::unique_ptr<Bytes> bytes_;  // where they lie does not move
  std::unique_ptr<ByteSource> source_;
};

Status check_name(const ObjectReader& reader, const catalog::SnapshotKey& key) {
  const segment::ObjectHeader& header = reader.header();
  if (header.kind != Kind::kManifest) return wrong("it is no manifest, as its name says");
  if (header.generation != key.generation || header.last != key.txid ||
      in_name(header.last_seen) != key.time)
    return wrong("it is another snapshot than its name says");
  return {};
}

Status check_name(const ObjectReader& reader, const catalog::PartKey& key) {
  const segment::ObjectHeader& header = reader.header();
  if (header.kind != Kind::kPart) return wrong("it is no part, as its name says");
  segment::PartHasher hasher;
  for (const segment::PageHash& page : reader.index().page_hashes) hasher.update(page.hash);
  if (header.generation != key.generation || header.last != key.txid || hasher.finish() != key.hash)
    return wrong("it is another part than its name says");
  return {};
}

Status check_name(const ObjectReader& reader, const catalog::SegmentKey& key) {
  const segment::ObjectHeader& header = reader.header();
  if (header.kind != Kind::kSegment) return wrong("it is no segment, as its name says");
  if (header.generation != key.generation || header.first != key.first || header.last != key.last ||
      header.completeness != key.completeness || header.piece != key.piece ||
      in_name(header.last_seen) != key.time)
    return wrong("it is another segment than its name says");
  return {};
}
Status check_name(const ObjectReader&, const catalog::OtherKey&) {
  return {};
}
Status check_name(const ObjectReader&, const catalog::MarkerKey&) {
  return {};
}
Status check_name(const ObjectReader&, const catalog::WriterKey&) {
  return {};
}
Status check_name(const ObjectReader&, const catalog::KeysKey&) {
  return {};
}

// Manifest and parts together must have every page.
Status check_manifest(const ObjectReader& reader, const catalog::SnapshotKey& key) {
  const segment::ObjectHeader& header = reader.header();
  segment::PageSet pages;
  std::uint64_t next_page = 1;
  for (const segment::ManifestPart& part : reader.index().manifest->parts) {
    const auto parsed = catalog::parse_key(part.key);
    const auto* name = std::get_if<catalog::PartKey>(&parsed);
    if (name == nullptr || name->generation != key.generation || name->txid > key.txid ||
        part.first_page.value < next_page)
      return wrong("its part " + part.key + " does not fit the others");
    next_page = std::uint64_t{part.first_page.value} + part.pages;
    pages.add_range(part.first_page, part.pages);
  }
  for (const segment::ImageRef& image : reader.index().images) pages.add(image.page);
  const PageNo lock = lock_page(header.page_size);
  if (lock.value <= header.pages_after) pages.add(lock);
  if (const auto missing = pages.first_missing(PageNo(1), PageNo(header.pages_after)))
    return wrong(fmt::format("page {} is neither in it nor in its parts", missing->value));
  return {};
}

// Which pages the transactions of a segment wrote, all pieces together.
using Written = std::vector<segment::PageSet>;  // by ordinal

Status add_images(const ObjectReader& reader, Written& written) {
  for (const segment::ImageRef& image : reader.index().images) {
    if (image.transaction >= written.size()) return wrong("an image has no transaction");
    written[image.transaction].add(image.page);
  }
  return {};
}

std::optional<PageNo> last_missing(segment::PageSet& written, std::uint32_t from, std::uint32_t to,
                                   PageNo lock) {
  if (lock.value <= to) written.add(lock);
  for (std::uint32_t page = to; page > from; --page)
    if (!written.contains(PageNo(page))) return PageNo(page);
  return std::nullopt;
}

// A transaction that grows the database brings every page it adds. Returns how many pages the
// database must have had before the first one.
Result<std::uint32_t> coverage(const ObjectReader& last, Written written) {
  const auto& transactions = last.index().transactions;
  const PageNo lock = lock_page(last.header().page_size);
  for (std::size_t i = 1; i < transactions.size(); ++i)
    if (const auto page =
            last_missing(written[i], transactions[i - 1].pages, transactions[i].pages, lock))
      return wrong(
          fmt::format("transaction {} lacks page {}", last.header().first.value + i, page->value));
  const auto page = last_missing(written.front(), 0, transactions.front().pages, lock);
  return page ? page->value : 0;
}

struct Reading {
  storage::Store& store;
  const Listing& listing;
  const storage::Call& call;
};

Result<std::uint32_t> needed_pages(const Reading& from, const ObjectReader& reader,
                                   const catalog::SegmentKey& key) {
  Written written(reader.index().transactions.size());
  TRY(add_images(reader, written));
  for (std::uint32_t i = 1; i < key.piece.count; ++i) {
    catalog::SegmentKey other = key;
    other.piece.index = i;
    const catalog::Listed* listed = from.listing.find(to_text(other));
    if (listed == nullptr) continue;  // missing: said elsewhere
    const auto source = storage::object_source(from.store, listed->key, listed->size, from.call);
    const auto piece = ObjectReader::open(*source);
    if (!piece && piece.error().code != Code::kCorrupt) return piece.error();
    if (piece) TRY(add_images(*piece, written));  // else it is damaged: said of itself
  }
  return coverage(reader, std::move(written));
}

Status take_facts(const Reading& from, const ObjectReader& reader, const catalog::Key& key,
                  Facts& facts) {
  const segment::ObjectHeader& header = reader.header();
  facts.kind = header.kind;
  facts.checksum_known = (header.flags & segment::kChecksumUnknown) == 0;
  facts.before = header.checksum_before;
  facts.after = header.checksum_after;
  facts.pages = header.pages_after;
  if (header.kind == Kind::kPart)
    facts.pages = static_cast<std::uint32_t>(reader.index().images.size());
  if (const auto* snapshot = std::get_if<catalog::SnapshotKey>(&key)) {
    TRY(check_manifest(reader, *snapshot));
    facts.parts = reader.index().manifest->parts;
  }
  const auto* segment = std::get_if<catalog::SegmentKey>(&key);
  if (segment == nullptr) return {};
  if (!header.last_piece())
    facts.pages = 0;
  else
    facts.needs = TRY(needed_pages(from, reader, *segment));
  return {};
}

Status examine(const Reading& from, const catalog::Listed& object, const catalog::Marker* marker,
               Facts& facts) {
  const Source source = TRY(Source::open(from.store, object.key, object.size, from.call));
  const ObjectReader reader = TRY(ObjectReader::open(*source));
  TRY(reader.verify_blocks());
  const catalog::Key key = catalog::parse_key(object.key);
  TRY(std::visit([&](const auto& name) { return check_name(reader, name); }, key));
  if (marker != nullptr && reader.header().database != marker->database)
    return wrong("it belongs to another database than the replica");
  return take_facts(from, reader, key, facts);
}

}  // namespace

bool same_object(const Facts& facts, const Listing& listing, std::size_t object) {
  const catalog::Listed& now = listing.objects[object];
  return facts.size == now.size && facts.mtime_ns == now.mtime_ns &&
         facts.tag == listing.tags[object];
}

Result<Facts> read_facts(storage::Store& store, const Listing& listing, std::size_t object,
                         const catalog::Marker* marker, const storage::Call& call) {
  const catalog::Listed& what = listing.objects[object];
  Facts facts;
  facts.size = what.size;
  facts.mtime_ns = what.mtime_ns;
  facts.tag = listing.tags[object];
  const Reading from{store, listing, call};
  const Status examined = examine(from, what, marker, facts);
  if (examined) return facts;
  if (examined.error().code != Code::kCorrupt)
    return Error(examined.error()).with_context("read object " + what.key);
  facts.damage = examined.error().message;
  return facts;
}

}  // namespace streamd::verify
