// Objects whose blocks are in no order that they could be written in.
#include "restore/batches.h"

#include <boost/test/unit_test.hpp>

#include "base/hash.h"
#include "segment/object_output.h"
#include "temp_folder.h"

using namespace streamd;
using namespace streamd::restore;
using segment::Encoding;
using segment::ImageRef;

namespace {

template <class T>
T must(Result<T> result) {
  if (!result) BOOST_FAIL(result.error().message);
  return std::move(result).take();
}

// Blocks of one image each.
struct Object {
  explicit Object(std::vector<std::pair<ImageRef, std::uint32_t>> images_and_runs) {
    auto output =
        must(segment::ObjectOutput::create(must(File::create_new(folder.file("x"))), 512));
    const Bytes stored(512, 1);
    for (const auto& [image, run] : images_and_runs) {
      segment::Block block;
      block.encoding = Encoding::kRaw;
      block.raw = 512;
      block.run = run;
      block.stored_hash = xxh3(stored);
      BOOST_REQUIRE(output.append_stored(block, stored, {&image, 1}, {}));
    }
    segment::ObjectHeader header;
    header.completeness = segment::Completeness::kAll;
    header.page_size = 512;
    header.first = Txid(1);
    header.last = Txid(9);
    header.piece = {1, 2};
    sealed.emplace(must(output.finish(header, {})));
    source.emplace(must(FileSource::over(sealed->file)));
    reader.emplace(must(segment::ObjectReader::open(*source)));
  }
  Result<std::vector<Batch>> batches(const Wanted& wanted = {},
                                     std::uint64_t limit = kBatchBytes) const {
    return batches_of(*reader, wanted, limit);
  }
  std::string refused() const {
    const auto result = batches();
    BOOST_REQUIRE(!result);
    BOOST_TEST((result.error().code == Code::kCorrupt));
    return result.error().message;
  }
  TempFolder folder;
  std::optional<segment::SealedObject> sealed;
  std::optional<FileSource> source;
  std::optional<segment::ObjectReader> reader;
};

ImageRef image(std::uint32_t page, std::uint32_t transaction) {
  return {PageNo(page), transaction};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(batches)

BOOST_AUTO_TEST_CASE(neighbours_of_a_run_are_fetched_together_up_to_the_limit) {
  const Object object({{image(1, 0), 0}, {image(2, 0), 0}, {image(2, 1), 0}, {image(1, 2), 1}});
  const auto all = must(object.batches());
  BOOST_REQUIRE(all.size() == 2u);
  BOOST_TEST((all[0].first == 0 && all[0].end == 3 && all[0].length == 3 * 512));
  BOOST_TEST((all[1].first == 3 && all[1].end == 4));
  BOOST_TEST(must(object.batches({}, 1024)).size() == 3u);
  const auto last = must(object.batches({2, 2}));
  BOOST_REQUIRE(last.size() == 1u);
  BOOST_TEST(last[0].first == 3u);
  const auto apart = must(object.batches({0, 0}));
  BOOST_REQUIRE(apart.size() == 1u);
  BOOST_TEST(apart[0].end == 2u);
  BOOST_TEST((object.batches({1, 9}).error().code == Code::kOutsideWindow));
}

BOOST_AUTO_TEST_CASE(the_last_image_of_a_page_is_written) {
  const Object object({{image(1, 0), 0}, {image(2, 0), 0}, {image(2, 1), 0}, {image(2, 2), 1}});
  const auto last = [&](std::size_t block, std::uint32_t cut) {
    return is_last_image(*object.reader, block, 0, cut);
  };
  BOOST_TEST(last(0, 9));
  BOOST_TEST(!last(1, 9));
  BOOST_TEST(last(1, 0));
  BOOST_TEST(last(2, 9));  // the next one is of another run
  BOOST_TEST(!last(2, 0));
}

BOOST_AUTO_TEST_CASE(blocks_that_are_not_in_the_order_of_their_pages) {
  BOOST_TEST(Object({{image(5, 0), 0}, {image(3, 0), 0}}).refused() ==
             "read block 1 of an object: its pages come before those of the block before it");
  BOOST_TEST(Object({{image(5, 1), 0}, {image(5, 0), 0}}).refused() ==
             "read block 1 of an object: its pages come before those of the block before it");
  BOOST_TEST(must(Object({{image(5, 1), 0}, {image(3, 0), 1}}).batches()).size() == 2u);
}

BOOST_AUTO_TEST_SUITE_END()
