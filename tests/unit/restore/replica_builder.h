// A replica in memory with a made-up history: snapshots of parts and fix-up pages, segments of any
// shape, and a copy of the database after every transaction to compare with.
#pragma once
#include <unistd.h>

#include <memory>

#include "catalog/marker.h"
#include "memory_store.h"
#include "segment/history.h"
#include "segment/snapshot_writer.h"

namespace streamd::restore {

using segment::must;

constexpr std::uint32_t kPageSize = 512;
constexpr Micros kEpoch = 1'700'000'000'000'000;
constexpr Micros kTick = 1'000'500;  // between transactions: never a whole millisecond twice

inline Micros seen_at(std::uint64_t txid) {
  return kEpoch + static_cast<Micros>(txid) * kTick;
}

class ReplicaBuilder {
 public:
  explicit ReplicaBuilder(unsigned seed, std::uint32_t page_size = kPageSize)
      : page_size_(page_size), maker_(page_size, seed) {
    marker.database.bytes[0] = 0xda;
    marker.checksum_key = segment::kKey.value;
    marker.created = kEpoch;
    store->set(to_text(catalog::MarkerKey{}), bytes_of(catalog::encode_marker(marker)));
  }

  GenerationId generation{0x0000000100000007};
  catalog::Marker marker;
  std::shared_ptr<MemoryStore> store = std::make_shared<MemoryStore>();
  std::map<std::uint64_t, segment::Database> states;  // after each transaction
  std::uint64_t txid = 0;
  std::uint64_t run_bytes = 8 * kPageSize;
  const segment::Database& now() const { return states.at(txid); }

  // Transactions that happen and are captured by the next segment.
  void commit(int count) {
    for (int i = 0; i < count; ++i) {
      segment::Database database = txid == 0 ? segment::Database() : now();
      pending_.push_back(maker_.next(database));
      for (const auto& [page, image] : pending_.back().images) database.pages[page] = image;
      database.resize(pending_.back().pages_after);
      states[++txid] = std::move(database);
    }
  }
  // Pages as they are: of a database that existed before the capture began.
  void begin_with(std::uint32_t pages) {
    segment::Database database;
    for (std::uint32_t page = 1; page <= pages; ++page) {
      if (PageNo(page) == lock_page(page_size_)) continue;
      Bytes image(page_size_);
      for (std::size_t i = 0; i < image.size(); i += 3)
        image[i] = static_cast<std::uint8_t>(maker_.pick(256));
      database.pages[PageNo(page)] = std::move(image);
    }
    database.size = pages;
    states[++txid] = std::move(database);
  }

  // Seals what is pending as one segment, cut into `pieces`.
  catalog::SegmentKey seal(std::uint8_t level = 0, int pieces = 1) {
    const std::uint64_t first = txid + 1 - pending_.size();
    auto writer = make_writer(states.at(first - 1).size);
    bases_.pages = states.at(first - 1).pages;
    std::vector<segment::SealedObject> sealed;
    std::vector<std::pair<PageNo, Bytes>> buffered;
    const auto flush = [&](segment::SegmentWriter& into) {
      must(into.flush_run(bases_));
      for (auto& [page, image] : buffered) bases_.pages[page] = std::move(image);
      buffered.clear();
    };
    std::size_t images = 0, done = 0;
    for (const auto& transaction : pending_) images += transaction.images.size();
    for (std::size_t i = 0; i < pending_.size(); ++i) {
      for (const auto& [page, image] : pending_[i].images) {
        const bool cut = static_cast<int>(sealed.size()) + 1 < pieces &&
                         done * static_cast<std::size_t>(pieces) >= images * (sealed.size() + 1);
        if (cut) {
          flush(writer);
          sealed.push_back(must(writer.next_piece(new_file(), header(first, txid), bases_)));
        }
        if (writer.run_full()) flush(writer);
        must(writer.add_image(page, image, segment::page_hash(image, page, segment::kKey)));
        buffered.emplace_back(page, image);
        ++done;
      }
      const segment::Database& after = states.at(first + i);
      writer.end_transaction(
          {seen_at(first + i) - 400'000, seen_at(first + i), after.size, after.checksum()});
    }
    pending_.clear();
    return put_segment(writer, std::move(sealed), first, level, catalog::Completeness::kAll);
  }

  // What is pending as one object that only leads to its last transaction.
  catalog::SegmentKey seal_last(catalog::Completeness kind, std::uint8_t level = 0) {
    const std::uint64_t first = txid + 1 - pending_.size();
    const segment::Database& before = states.at(first - 1);
    auto writer = make_writer(before.size);
    for (const auto& [page, image] : now().pages) {
      const auto known = before.pages.find(page);
      if (known != before.pages.end() && known->second == image && page.value <= before.size)
        continue;
      must(writer.add_image(page, image, segment::page_hash(image, page, segment::kKey)));
      if (writer.run_full()) must(writer.flush_run(none_));
    }
    // The last look that did not see it lay half a tick after the transaction before.
    writer.end_transaction(
        {seen_at(first - 1) + kTick / 2, seen_at(txid), now().size, now().checksum()});
    pending_.clear();
    return put_segment(writer, {}, first, level, kind);
  }

  // Of the newest transaction. Every second part is one transaction old; what changed since is in
  // the manifest. part_pages = 0: a manifest without parts.
  catalog::SnapshotKey snapshot(std::uint32_t part_pages = 4) {
    const segment::Database& old = txid > 1 ? states.at(txid - 1) : now();
    auto manifest = must(segment::ManifestWriter::create(new_file(), {.page_size = page_size_}));
    segment::Manifest list{
        static_cast<std::uint32_t>(getuid()), static_cast<std::uint32_t>(getgid()), 0640, {}};
    std::map<PageNo, Bytes> own;
    const std::uint32_t step = part_pages == 0 ? now().size : part_pages;
    for (std::uint32_t first = 1; first <= now().size; first += step) {
      const bool stale = txid > 1 && first / step % 2 == 1;
      const segment::Database& from = stale ? old : now();
      const std::uint32_t end = std::min(first + step, from.size + 1);
      if (part_pages > 0 && first < end)
        list.parts.push_back(put_part(from, first, end, stale ? txid - 1 : txid));
      for (std::uint32_t page = first; page < std::min(first + step, now().size + 1); ++page) {
        const auto image = now().pages.find(PageNo(page));
        if (image == now().pages.end()) continue;
        const auto in_part = from.pages.find(PageNo(page));
        if (part_pages == 0 || page >= end || in_part == from.pages.end() ||
            in_part->second != image->second)
          own[PageNo(page)] = image->second;
      }
    }
    for (const auto& [page, image] : own)
      must(manifest.add_page(page, image, segment::page_hash(image, page, segment::kKey)));
    auto sealed = must(manifest.seal(header(txid, txid), std::move(list), nullptr));
    const catalog::SnapshotKey key{generation, Txid(txid), seen_at(txid)};
    store->set(to_text(key), segment::contents(sealed.file));
    return key;
  }

 private:
  static Bytes bytes_of(const std::string& text) {
    const ByteView view = as_bytes(text);
    return Bytes(view.begin(), view.end());
  }
  File new_file() { return must(File::create_new(folder_.file(std::to_string(++files_)))); }
  segment::SegmentWriter make_writer(std::uint32_t pages_before) {
    return must(segment::SegmentWriter::create(
        new_file(),
        {.page_size = page_size_, .pages_before = pages_before, .run_bytes = run_bytes}));
  }
  segment::ObjectHeader header(std::uint64_t first, std::uint64_t last) const {
    segment::ObjectHeader header;
    header.generation = generation;
    header.database = marker.database;
    header.first = Txid(first);
    header.last = Txid(last);
    header.first_seen = seen_at(first);
    header.last_seen = seen_at(last);
    header.pages_after = states.at(last).size;
    header.checksum_after = states.at(last).checksum();
    header.completeness = catalog::Completeness::kAll;
    if (states.contains(first - 1)) header.checksum_before = states.at(first - 1).checksum();
    return header;
  }
  segment::ManifestPart put_part(const segment::Database& from, std::uint32_t first,
                                 std::uint32_t end, std::uint64_t at) {
    auto writer = must(segment::PartWriter::create(new_file(), {.page_size = page_size_}));
    for (std::uint32_t page = first; page < end; ++page) {
      const auto image = from.pages.find(PageNo(page));
      if (image == from.pages.end()) continue;
      must(writer.add_page(image->first, image->second,
                           segment::page_hash(image->second, image->first, segment::kKey)));
    }
    auto sealed = must(writer.seal(header(at, at)));
    const std::string key =
        to_text(catalog::PartKey{generation, PageNo(first), Txid(at), sealed.hash});
    store->set(key, segment::contents(sealed.object.file));
    return {key, sealed.object.size, PageNo(first), end - first};
  }
  catalog::SegmentKey put_segment(segment::SegmentWriter& writer,
                                  std::vector<segment::SealedObject> sealed, std::uint64_t first,
                                  std::uint8_t level, catalog::Completeness kind) {
    segment::ObjectHeader head = header(first, txid);
    head.completeness = kind;
    head.level = level;
    segment::BasePages& bases =
        kind == catalog::Completeness::kAll ? static_cast<segment::BasePages&>(bases_) : none_;
    sealed.push_back(must(writer.seal(head, nullptr, bases)));
    catalog::SegmentKey key{generation, level, Txid(first), Txid(txid), seen_at(txid), {}, kind};
    const auto count = static_cast<std::uint32_t>(sealed.size());
    for (std::uint32_t i = 1; i <= count; ++i) {
      segment::ObjectHeader final = sealed.back().header;
      final.piece = key.piece = {i, count};
      must(segment::rewrite_header(sealed[i - 1].file, final));
      store->set(to_text(key), segment::contents(sealed[i - 1].file));
    }
    return key;
  }

  TempFolder folder_;
  std::uint32_t page_size_;
  segment::HistoryMaker maker_;
  segment::MemoryBases bases_;
  segment::NoBases none_;
  std::vector<segment::Transaction> pending_;
  int files_ = 0;
};

// The bytes of the file that a restore of this database must yield.
inline Bytes file_of(const segment::Database& database, std::uint32_t page_size = kPageSize) {
  Bytes bytes(database.size * std::size_t{page_size});
  for (const auto& [page, image] : database.pages)
    std::copy(image.begin(), image.end(),
              bytes.begin() + static_cast<std::ptrdiff_t>((page.value - 1) * page_size));
  return bytes;
}

}  // namespace streamd::restore
