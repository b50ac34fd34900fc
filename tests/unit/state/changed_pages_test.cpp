#include "state/changed_pages.h"

#include <boost/test/unit_test.hpp>

#include "temp_folder.h"

using namespace streamd;
using namespace streamd::state;

namespace {

template <class T>
T require(Result<T> result) {
  BOOST_REQUIRE_MESSAGE(result.has_value(), (result ? std::string() : result.error().message));
  return std::move(result).take();
}

SpoolObjectPtr object(Spool& spool, GenerationId generation, Txid txid, std::vector<PageNo> pages,
                      std::uint64_t checksum_before) {
  segment::SegmentOptions options;
  options.page_size = 512;
  options.pages_before = 100;
  segment::NoBases bases;
  auto writer = require(segment::SegmentWriter::create(require(spool.new_file()), options));
  for (const PageNo page : pages) BOOST_REQUIRE(writer.add_image(page, Bytes(512, 1), page.value));
  writer.end_transaction({1000, 2000, 100, 0});
  segment::ObjectHeader header;
  header.completeness = segment::Completeness::kAll;
  header.generation = generation;
  header.first = header.last = txid;
  header.checksum_before = checksum_before;
  std::vector<segment::SealedObject> sealed;
  sealed.push_back(require(writer.seal(header, nullptr, bases)));
  return require(spool.commit(std::move(sealed)));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(changed_pages)

BOOST_AUTO_TEST_CASE(pages_add_up_and_survive_a_restart) {
  const TempFolder folder;
  const std::string path = folder.file("changed");
  BOOST_TEST(!require(ChangedPages::load(path)).has_value());
  const auto spool = require(Spool::open(folder.file("spool")));
  ChangedPages changed;
  BOOST_REQUIRE(changed.add(*object(*spool, GenerationId(7), Txid(5), {PageNo(1), PageNo(9)}, 77)));
  BOOST_REQUIRE(changed.add(*object(*spool, GenerationId(7), Txid(6), {PageNo(9), PageNo(64)}, 0)));
  BOOST_REQUIRE(changed.save(path));
  const ChangedPages again = require(ChangedPages::load(path)).value();
  BOOST_TEST((again.generation() == GenerationId(7)));
  BOOST_TEST((again.from() == Txid(4)));
  BOOST_TEST((again.to() == Txid(6)));
  BOOST_TEST(again.checksum_at_from() == 77u);
  BOOST_TEST((again.list() == std::vector{PageNo(1), PageNo(9), PageNo(64)}));
}

BOOST_AUTO_TEST_CASE(a_gap_or_another_generation_begins_anew) {
  const TempFolder folder;
  const auto spool = require(Spool::open(folder.file("spool")));
  ChangedPages changed;
  BOOST_REQUIRE(changed.add(*object(*spool, GenerationId(7), Txid(5), {PageNo(1)}, 1)));
  BOOST_REQUIRE(changed.add(*object(*spool, GenerationId(7), Txid(8), {PageNo(2)}, 2)));
  BOOST_TEST((changed.from() == Txid(7)));
  BOOST_TEST((changed.list() == std::vector{PageNo(2)}));
  BOOST_REQUIRE(changed.add(*object(*spool, GenerationId(9), Txid(9), {PageNo(3)}, 3)));
  BOOST_TEST((changed.generation() == GenerationId(9)));
  BOOST_TEST((changed.list() == std::vector{PageNo(3)}));
}

BOOST_AUTO_TEST_CASE(damage_is_noticed_at_every_byte) {
  const TempFolder folder;
  const std::string path = folder.file("changed");
  const auto spool = require(Spool::open(folder.file("spool")));
  ChangedPages changed;
  BOOST_REQUIRE(changed.add(*object(*spool, GenerationId(7), Txid(5), {PageNo(30)}, 1)));
  BOOST_REQUIRE(changed.save(path));
  const Bytes raw = require(read_file(path));
  for (std::size_t at = 0; at < raw.size(); ++at) {
    Bytes damaged = raw;
    damaged[at] ^= 1;
    BOOST_REQUIRE(replace_file(path, damaged));
    const auto loaded = ChangedPages::load(path);
    BOOST_TEST(!loaded.has_value(), at);
  }
  for (std::size_t size = 0; size < raw.size(); ++size) {
    BOOST_REQUIRE(replace_file(path, ByteView(raw).first(size)));
    BOOST_TEST(!ChangedPages::load(path).has_value(), size);
  }
}

BOOST_AUTO_TEST_SUITE_END()
