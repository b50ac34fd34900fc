#include "history.h"
#include "segment/limits.h"

using namespace streamd;
using namespace streamd::segment;

namespace {

// Every transaction of the segment, restored from its start, is what the model says.
void compare_every_moment(const Database& start, const std::vector<Database>& moments,
                          const ObjectReader& reader) {
  BOOST_REQUIRE(reader.index().transactions.size() == moments.size());
  for (std::uint32_t cut = 0; cut < moments.size(); ++cut) {
    Database restored = start;
    apply(restored, reader, cut);
    BOOST_REQUIRE_MESSAGE(restored == moments[cut], "transaction " << cut << " differs");
    BOOST_REQUIRE(restored.checksum() == reader.index().transactions[cut].checksum);
  }
}

void random_history(std::uint32_t page_size, unsigned seed) {
  const TempFolder folder;
  HistoryMaker maker(page_size, seed);
  Capture capture(folder, {}, page_size, page_size * (3 + maker.pick(20)));
  for (int segments = 0; segments < 4; ++segments) {
    const Database start = capture.now;
    std::vector<Database> moments;
    for (std::uint32_t count = 1 + maker.pick(15); moments.size() < count;) {
      capture.add(maker.next(capture.now));
      moments.push_back(capture.now);
      if (maker.chance(7)) capture.flush();
    }
    const SealedObject sealed = capture.seal();
    const FileSource source = must(FileSource::over(sealed.file));
    BOOST_TEST(source.size() == sealed.size);
    const ObjectReader reader = must(ObjectReader::open(source));
    BOOST_TEST(reader.hash() == sealed.hash);
    BOOST_TEST((reader.header() == sealed.header));
    BOOST_TEST(reader.header().checksum_before == start.checksum());
    BOOST_TEST(reader.header().checksum_after == capture.now.checksum());
    must(verify_object(source, Depth::kStored));
    compare_every_moment(start, moments, reader);
    for (const PageHash& page : reader.index().page_hashes)
      if (page.page.value <= capture.now.size)
        BOOST_REQUIRE(page.hash == page_hash(capture.now.pages.at(page.page), page.page, kKey));
  }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(round_trip)

BOOST_AUTO_TEST_CASE(any_history_comes_back_at_every_transaction_for_every_page_size) {
  for (std::uint32_t page_size = 512; page_size <= 65536; page_size *= 2)
    for (unsigned seed = 0; seed < 6; ++seed) random_history(page_size, seed + page_size);
}

BOOST_AUTO_TEST_CASE(the_capture_position_travels_with_the_object) {
  const TempFolder folder;
  HistoryMaker maker(512, 1);
  Capture capture(folder, {}, 512, 4096);
  capture.add(maker.next(capture.now));
  wal::Position position;
  position.database_inode = 77;
  position.frame = 12;
  position.page_size = 512;
  position.pages = 3;
  const SealedObject sealed = capture.seal(&position);
  const FileSource source = must(FileSource::over(sealed.file));
  BOOST_TEST((must(ObjectReader::open(source)).index().position == position));
}

BOOST_AUTO_TEST_CASE(memory_is_bounded_by_the_run) {
  const TempFolder folder;
  SegmentWriter writer = must(SegmentWriter::create(must(File::create_new(folder.file("x"))),
                                                    {.page_size = 4096, .run_bytes = 10 * 4096}));
  BOOST_TEST(writer.empty());
  const Bytes image(4096, 1);
  for (std::uint32_t page = 1; page <= 10; ++page) {
    BOOST_TEST(!writer.run_full());
    must(writer.add_image(PageNo(page), image, 0));
  }
  BOOST_TEST(writer.run_full());
  BOOST_TEST((writer.add_image(PageNo(11), image, 0).error().code == Code::kInternal));
  BOOST_TEST(writer.buffered_bytes() == 10u * 4096);
  NoBases none;
  must(writer.flush_run(none));
  must(writer.flush_run(none));
  BOOST_TEST(writer.buffered_bytes() == 0u);
  BOOST_TEST(writer.raw_bytes() == 10u * 4096);
  BOOST_TEST(writer.stored_bytes() > 0u);
  BOOST_TEST(writer.in_transaction());
  BOOST_TEST(!writer.empty());
  must(writer.add_image(PageNo(11), image, 0));
}

BOOST_AUTO_TEST_SUITE_END()
