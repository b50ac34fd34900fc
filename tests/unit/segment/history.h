// A made-up database with a history, captured through SegmentWriter and rebuilt through
// ObjectReader: the model that the segment tests compare with.
#pragma once
#include <boost/test/unit_test.hpp>
#include <map>
#include <random>
#include <vector>

#include "segment/checksum.h"
#include "segment/reader.h"
#include "segment/writer.h"
#include "temp_folder.h"

namespace streamd::segment {

constexpr ChecksumKey kKey(0x5eed5eed5eed5eed);

template <class T>
T must(Result<T> result) {
  if (!result) BOOST_FAIL(result.error().message);
  return std::move(result).take();
}
inline void must(Status status) {
  if (!status) BOOST_FAIL(status.error().message);
}

// Pages by number; the lock page never appears.
struct Database {
  std::map<PageNo, Bytes> pages;
  std::uint32_t size = 0;  // pages

  void resize(std::uint32_t to) {
    size = to;
    pages.erase(pages.upper_bound(PageNo(to)), pages.end());
  }
  std::uint64_t checksum() const {
    DatabaseChecksum sum;
    for (const auto& [page, image] : pages) sum.toggle(page_hash(image, page, kKey));
    return sum.value();
  }
  bool operator==(const Database&) const = default;
};

// What one transaction writes, in the order of the log.
struct Transaction {
  std::vector<std::pair<PageNo, Bytes>> images;
  std::uint32_t pages_after = 0;
};

// Random transactions over a small database: changes of a few bytes, hot pages, pages written twice
// in one transaction, growth, shrinking, and pages beyond the final size.
class HistoryMaker {
 public:
  HistoryMaker(std::uint32_t page_size, unsigned seed) : page_size_(page_size), random_(seed) {}

  Transaction next(const Database& now) {
    Transaction transaction;
    std::uint32_t after = now.size;
    if (now.size == 0 || chance(4)) after += 1 + pick(6);
    if (now.size > 8 && chance(6)) after = now.size - 1 - pick(5);
    for (std::uint32_t page = now.size + 1; page <= after; ++page)
      if (PageNo(page) != lock_page(page_size_)) write(transaction, now, PageNo(page));
    for (std::uint32_t i = 0; i < 1 + pick(4); ++i)
      write(transaction, now, PageNo(1 + pick(chance(2) ? after : std::min(after, 3u))));
    if (chance(8)) write(transaction, now, PageNo(after + 1 + pick(3)));
    transaction.pages_after = after;
    return transaction;
  }
  std::uint32_t pick(std::uint32_t below) { return static_cast<std::uint32_t>(random_() % below); }
  bool chance(std::uint32_t one_in) { return pick(one_in) == 0; }

 private:
  void write(Transaction& transaction, const Database& now, PageNo page) {
    const auto known = now.pages.find(page);
    Bytes image = known == now.pages.end() ? Bytes(page_size_) : known->second;
    if (known == now.pages.end())
      for (std::size_t i = 0; i < image.size() / 2; ++i)
        image[i] = static_cast<std::uint8_t>(random_());
    for (int i = 0; i < 12; ++i) image[pick(page_size_)] = static_cast<std::uint8_t>(random_());
    transaction.images.emplace_back(page, std::move(image));
  }
  std::uint32_t page_size_;
  std::mt19937 random_;
};

// Feeds transactions into a writer as the capture does: the bases are the pages as of the beginning
// of the run. Like a log, they go on showing pages that a transaction has cut off.
class Capture {
 public:
  Capture(const TempFolder& folder, Database start, std::uint32_t page_size,
          std::uint64_t run_bytes)
      : folder_(folder), now(std::move(start)), page_size_(page_size), run_bytes_(run_bytes) {
    bases_.pages = now.pages;
    begin();
  }

  // Images of a transaction that goes on.
  void add_open(const Transaction& transaction) {
    for (const auto& [page, image] : transaction.images) {
      if (writer->run_full()) flush();
      must(writer->add_image(page, image, page_hash(image, page, kKey)));
      pending_.emplace_back(page, image);
      now.pages[page] = image;
    }
  }
  void add(const Transaction& transaction) {
    add_open(transaction);
    now.resize(transaction.pages_after);
    ++txid;
    writer->end_transaction({static_cast<Micros>(txid * 1000 - 10),
                             static_cast<Micros>(txid * 1000), now.size, now.checksum()});
  }
  void flush() {
    must(writer->flush_run(bases_));
    remember();
  }
  SealedObject piece() {
    SealedObject sealed = must(writer->next_piece(file(), header(), bases_));
    remember();
    return sealed;
  }
  SealedObject seal(const wal::Position* position = nullptr) {
    SealedObject sealed = must(writer->seal(header(), position, bases_));
    remember();
    begin();
    return sealed;
  }
  ObjectHeader header() const {
    ObjectHeader header;
    header.completeness = Completeness::kAll;
    header.generation = GenerationId(0x100000002);
    header.database.bytes[3] = 7;
    header.first = Txid(first_);
    header.last = Txid(std::max(first_, txid));
    header.checksum_before = checksum_before_;
    return header;
  }
  File file() { return must(File::create_new(folder_.file(std::to_string(++files_)))); }

 private:
  void begin() {
    first_ = txid + 1;
    checksum_before_ = now.checksum();
    writer.emplace(must(SegmentWriter::create(
        file(), {.page_size = page_size_, .pages_before = now.size, .run_bytes = run_bytes_})));
  }
  void remember() {
    for (auto& [page, image] : pending_) bases_.pages[page] = std::move(image);
    pending_.clear();
  }
  const TempFolder& folder_;

 public:
  Database now;
  std::uint64_t txid = 0;
  std::optional<SegmentWriter> writer;

 private:
  std::uint32_t page_size_;
  std::uint64_t run_bytes_;
  std::uint64_t first_ = 0, checksum_before_ = 0;
  MemoryBases bases_;
  std::vector<std::pair<PageNo, Bytes>> pending_;
  int files_ = 0;
};

inline Bytes contents(const File& file) {
  Bytes bytes(must(file.size()));
  must(file.read_at(0, bytes));
  return bytes;
}

// Applies the images of transactions up to `cut` (an ordinal), leaving the size alone. All bases of
// a run are taken before the run is applied, as a parallel restore does.
inline void apply_images(Database& database, const ObjectReader& reader, std::uint32_t cut) {
  const std::uint32_t page_size = reader.header().page_size;
  for (std::size_t first = 0, end = 0; first < reader.blocks(); first = end) {
    std::vector<Bytes> bases;
    for (end = first; end < reader.blocks() && reader.block(end).run == reader.block(first).run;
         ++end) {
      bases.emplace_back();
      for (const PageNo page : reader.base_pages(end))
        if (const auto known = database.pages.find(page); known != database.pages.end())
          append(bases.back(), known->second);
    }
    for (std::size_t i = first; i < end; ++i) {
      const auto images = reader.images(i);
      if (std::all_of(images.begin(), images.end(),
                      [&](const ImageRef& ref) { return ref.transaction > cut; }))
        continue;
      Bytes raw(reader.block(i).raw);
      must(reader.decode_block(i, must(reader.read_block(i)), bases[i - first], raw));
      for (std::size_t k = 0; k < images.size(); ++k) {
        const auto at = raw.begin() + static_cast<std::ptrdiff_t>(k * page_size);
        if (images[k].transaction <= cut)
          database.pages[images[k].page] = Bytes(at, at + static_cast<std::ptrdiff_t>(page_size));
      }
    }
  }
}

// The database after the segment's transaction `cut`.
inline void apply(Database& database, const ObjectReader& reader, std::uint32_t cut) {
  apply_images(database, reader, cut);
  database.resize(reader.index().transactions.at(cut).pages);
}
inline void apply(Database& database, const ObjectReader& reader) {
  apply(database, reader, static_cast<std::uint32_t>(reader.index().transactions.size() - 1));
}

}  // namespace streamd::segment
