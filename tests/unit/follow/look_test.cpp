#include "follow/look.h"

#include <boost/test/unit_test.hpp>

#include "memory_store.h"

using namespace streamd;
using namespace streamd::follow;
using catalog::Completeness;

namespace {

constexpr GenerationId kGeneration(0x0000000100000001), kNewer(0x0000000200000001);

struct Scene {
  void segment(std::uint64_t first, std::uint64_t last, std::uint8_t level = 0,
               GenerationId generation = kGeneration, catalog::Piece piece = {}) {
    store.set(to_text(catalog::SegmentKey{generation, level, Txid(first), Txid(last), 1'000'000,
                                          piece, Completeness::kAll}),
              Bytes(10));
  }
  News look(std::uint64_t at, bool ordered = true) {
    auto news = look_for_news(store, ordered, kGeneration, Txid(at), {});
    BOOST_REQUIRE(news);
    return std::move(*news);
  }
  MemoryStore store;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(look)

BOOST_AUTO_TEST_CASE(what_leads_on) {
  Scene scene;
  scene.segment(2, 5);
  scene.segment(6, 6);
  scene.segment(7, 300);
  scene.segment(301, 301, 0, kNewer);
  for (const bool ordered : {true, false}) {
    const News news = scene.look(5, ordered);
    BOOST_TEST(news.plan.segments.size() == 2u);
    BOOST_TEST((news.plan.moment.txid == Txid(300) && news.plan.moment.generation == kGeneration));
    BOOST_TEST(!news.gap);
    BOOST_TEST(scene.look(300, ordered).plan.segments.empty());
    BOOST_TEST(!scene.look(300, ordered).gap);
  }
}

BOOST_AUTO_TEST_CASE(it_asks_once_and_for_what_is_new) {
  Scene scene;
  for (std::uint64_t txid = 1; txid <= 50; ++txid) scene.segment(txid, txid);
  const auto all = scene.store.calls(MemoryStore::Operation::kList);
  BOOST_TEST(scene.look(48).plan.segments.size() == 2u);
  BOOST_TEST(scene.store.calls(MemoryStore::Operation::kList) == all + 1);
}

BOOST_AUTO_TEST_CASE(a_gap_is_told) {
  Scene scene;
  scene.segment(8, 9);
  BOOST_TEST(scene.look(5).gap);
  BOOST_TEST(!scene.look(7).gap);
  BOOST_TEST(!scene.look(9).gap);
  BOOST_TEST(!Scene().look(5).gap);
}

BOOST_AUTO_TEST_CASE(a_segment_in_the_middle_of_its_upload_is_no_news) {
  Scene scene;
  scene.segment(6, 6, 0, kGeneration, {1, 2});
  BOOST_TEST(scene.look(5).plan.segments.empty());
  BOOST_TEST(!scene.look(5).gap);
  scene.segment(6, 6, 0, kGeneration, {2, 2});
  BOOST_TEST(scene.look(5).plan.segments.size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_store_that_does_not_answer) {
  Scene scene;
  scene.store.fail_next(MemoryStore::Operation::kList, make_error(Code::kTransient, "no"));
  BOOST_TEST((look_for_news(scene.store, true, kGeneration, Txid(1), {}).error().code ==
              Code::kTransient));
}

BOOST_AUTO_TEST_SUITE_END()
