// What the format promises about bytes and requests.
#include "history.h"
#include "segment/codec.h"
#include "segment/limits.h"

using namespace streamd;
using namespace streamd::segment;

namespace {

// A source far away: counts what is asked of it.
class Remote final : public ByteSource {
 public:
  explicit Remote(ByteView bytes) : memory_(bytes) {}
  std::uint64_t size() const override { return memory_.size(); }
  Status read_at(std::uint64_t offset, MutableBytes out) const override {
    ++requests;
    transferred += out.size();
    return memory_.read_at(offset, out);
  }
  mutable std::uint64_t requests = 0, transferred = 0;

 private:
  MemorySource memory_;
};

// Pages as an application fills them, and small transactions that change a row here and there.
class Application {
 public:
  static constexpr std::uint32_t kPage = 4096, kPages = 400;
  Application() : random_(11) {
    database.size = kPages;
    for (std::uint32_t page = 1; page <= kPages; ++page) {
      Bytes& image = database.pages[PageNo(page)];
      while (image.size() < kPage) append(image, as_bytes(row()));
      image.resize(kPage);
    }
  }
  Transaction next() {
    Transaction transaction;
    transaction.pages_after = kPages;
    for (int i = 0; i < 4; ++i) {
      const PageNo page(i == 0 ? 1 : static_cast<std::uint32_t>(1 + random_() % kPages));
      Bytes& image = database.pages[page];
      const std::string change = row();
      std::copy(change.begin(), change.end(),
                image.begin() + static_cast<std::ptrdiff_t>(random_() % (kPage - change.size())));
      ++image[3];
      transaction.images.emplace_back(page, image);
    }
    return transaction;
  }
  Database database;

 private:
  std::string row() {
    static constexpr const char* kWords[] = {"order ", "customer ", "invoice ", "2026-11-22 ",
                                             "ok "};
    std::string text;
    while (text.size() < 60) text += kWords[random_() % 5] + std::to_string(random_());
    return text;
  }
  std::mt19937 random_;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(cost)

BOOST_AUTO_TEST_CASE(small_changes_compress_to_a_few_percent) {
  for (const std::uint32_t per_segment : {10u, 1500u}) {
    const TempFolder folder;
    Application application;
    Capture capture(folder, application.database, Application::kPage, 8 * kMiB);
    std::uint64_t raw = 0, stored = 0;
    for (std::uint32_t i = 1; i <= 1500; ++i) {
      capture.add(application.next());
      if (i % per_segment != 0) continue;
      raw += capture.writer->raw_bytes();
      stored += capture.seal().size;
    }
    BOOST_TEST(stored * 100 < raw * 6, per_segment << " transactions: " << stored << " of " << raw);
  }
}

BOOST_AUTO_TEST_CASE(opening_costs_one_read_when_small_and_three_at_most) {
  const TempFolder folder;
  HistoryMaker maker(512, 9);
  Capture capture(folder, {}, 512, 64 * kKiB);
  capture.add(maker.next(capture.now));
  const Bytes small = contents(capture.seal().file);
  const Remote near(small);
  must(ObjectReader::open(near));
  BOOST_TEST(near.requests == 1u);
  for (int i = 0; i < 400; ++i) {
    Transaction transaction = maker.next(capture.now);
    for (auto& [page, image] : transaction.images)
      for (std::uint8_t& byte : image) byte = static_cast<std::uint8_t>(maker.pick(256));
    capture.add(transaction);
  }
  const Bytes large = contents(capture.seal().file);
  BOOST_TEST(large.size() > 200 * kKiB);
  const Remote far(large);
  must(ObjectReader::open(far));
  BOOST_TEST(far.requests == 2u);
  BOOST_TEST(far.transferred <= 64 * kKiB + kHeaderSize);
  must(verify_object(far, Depth::kStored));
  BOOST_TEST(far.requests == 5u);  // blocks lie together: one read
}

BOOST_AUTO_TEST_CASE(an_index_longer_than_the_tail_costs_a_third_read) {
  const TempFolder folder;
  constexpr std::uint32_t kPages = 12'000;
  SegmentWriter writer = must(SegmentWriter::create(must(File::create_new(folder.file("x"))),
                                                    {.page_size = 512, .run_bytes = 16 * kMiB}));
  Bytes image(512);
  for (std::uint32_t page = 1; page <= kPages; ++page) {
    store_le(image.data(), page);
    must(writer.add_image(PageNo(page), image, page_hash(image, PageNo(page), kKey)));
  }
  writer.end_transaction({1, 2, kPages, 3});
  ObjectHeader header;
  header.completeness = Completeness::kAll;
  header.first = header.last = Txid(1);
  NoBases none;
  const Bytes bytes = contents(must(writer.seal(header, nullptr, none)).file);
  const Remote far(bytes);
  const ObjectReader reader = must(ObjectReader::open(far));
  BOOST_TEST(far.requests == 3u);
  BOOST_TEST(reader.index().page_hashes.size() == kPages);
  Database restored;
  apply(restored, reader);
  BOOST_TEST(restored.pages.size() == kPages);
  BOOST_TEST(load_le<std::uint32_t>(restored.pages.at(PageNo(777)).data()) == 777u);
}

BOOST_AUTO_TEST_CASE(what_does_not_shrink_is_stored_as_it_is) {
  const TempFolder folder;
  SegmentWriter writer =
      must(SegmentWriter::create(must(File::create_new(folder.file("x"))), {.page_size = 65536}));
  Bytes image(65536);
  random_bytes(image);
  must(writer.add_image(PageNo(1), image, 1));
  writer.end_transaction({1, 2, 1, 3});
  ObjectHeader header;
  header.completeness = Completeness::kAll;
  header.first = header.last = Txid(1);
  NoBases none;
  const SealedObject sealed = must(writer.seal(header, nullptr, none));
  const FileSource source = must(FileSource::over(sealed.file));
  const ObjectReader reader = must(ObjectReader::open(source));
  BOOST_TEST((reader.block(0).encoding == Encoding::kRaw));
  Database restored;
  apply(restored, reader);
  BOOST_TEST((restored.pages.at(PageNo(1)) == image));
}

BOOST_AUTO_TEST_CASE(frames_must_fill_their_block) {
  Compressor compressor(1);
  const Bytes raw(1000, 7);
  const ByteView frame = must(compressor.compress(raw, {}));
  Bytes shorter(999), same(1000), longer(1001);
  BOOST_TEST((decompress(frame, {}, shorter).error().code == Code::kCorrupt));
  BOOST_TEST((decompress(frame, {}, longer).error().code == Code::kCorrupt));
  must(decompress(frame, {}, same));
  BOOST_TEST((same == raw));
  BOOST_TEST((decompress(raw, {}, same).error().code == Code::kCorrupt));
}

BOOST_AUTO_TEST_CASE(too_many_images_for_one_object_are_refused) {
  ObjectHeader header;
  header.page_size = 512;
  Index index;
  index.images.resize(kMaxImages + 1);
  BOOST_TEST((encode_index(header, index).error().code == Code::kInternal));
}

BOOST_AUTO_TEST_SUITE_END()
