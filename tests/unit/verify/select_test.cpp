// What is read next, and what it costs when something is lost: from names alone.
#include "verify/select.h"

#include <boost/test/unit_test.hpp>

#include "verify/lost.h"

using namespace streamd;
using namespace streamd::verify;

namespace {

const GenerationId kOld(0x0000000100000001), kNew(0x0000000200000001);

struct Scene {
  void add(std::string key, std::uint64_t size = 10) {
    listing.objects.push_back({std::move(key), size, 5});
    listing.tags.push_back(7);
  }
  // The object was read then.
  Facts& read(std::size_t object, Micros when) {
    const catalog::Listed& listed = listing.objects[object];
    Facts& facts = memory[listed.key];
    facts.size = listed.size;
    facts.mtime_ns = listed.mtime_ns;
    facts.tag = listing.tags[object];
    facts.read = when;
    return facts;
  }
  std::vector<std::size_t> now(Micros stale_before = 0, std::uint64_t budget = 0) const {
    return select(listing, memory, stale_before, budget).now;
  }
  Listing listing;
  Memory memory;
};

std::string single(GenerationId id, std::uint64_t txid) {
  return to_text(
      catalog::SegmentKey{id, 0, Txid(txid), Txid(txid), 0, {}, catalog::Completeness::kAll});
}

using Order = std::vector<std::size_t>;

catalog::Span span(std::uint64_t first, std::uint64_t last) {
  return {Txid(first), Txid(last), static_cast<Micros>(first), static_cast<Micros>(last)};
}
catalog::Timeline timeline(std::vector<catalog::Span> spans) {
  catalog::Timeline made;
  made.generations.emplace_back();
  made.generations.back().id = kOld;
  made.generations.back().spans = std::move(spans);
  return made;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(selection)

BOOST_AUTO_TEST_CASE(what_was_never_read_comes_first_by_kind_and_the_newest_of_each) {
  Scene scene;
  scene.add(single(kOld, 9));
  scene.add(single(kNew, 2));
  scene.add(single(kNew, 3));
  scene.add(to_text(catalog::PartKey{kOld, PageNo(1), Txid(1), {}}));
  scene.add(to_text(catalog::SnapshotKey{kOld, Txid(1), 0}));
  scene.add("generations/README");
  BOOST_TEST((scene.now() == Order{4, 3, 2, 1, 0}));
  scene.read(4, 50);
  scene.read(0, 40);
  BOOST_TEST((scene.now(30) == Order{3, 2, 1}));
  BOOST_TEST((scene.now(45) == Order{3, 2, 1, 0}));
  BOOST_TEST((scene.now(60) == Order{3, 2, 1, 0, 4}));
  scene.read(4, 50).damage = "it is damaged";
  BOOST_TEST((scene.now() == Order{3, 2, 1, 4}));
  scene.listing.objects[0].size = 11;  // another object by now
  BOOST_TEST((scene.now() == Order{3, 2, 1, 0, 4}));
}

BOOST_AUTO_TEST_CASE(the_budget_is_kept_but_for_the_first) {
  Scene scene;
  scene.add(single(kOld, 9), 100);
  scene.add(single(kOld, 8), 30);
  scene.add(single(kOld, 7), 1);
  const auto with = [&](std::uint64_t budget) {
    return select(scene.listing, scene.memory, 0, budget);
  };
  BOOST_TEST(with(0).now.size() == 3u);
  BOOST_TEST(with(131).now.size() == 3u);
  const Selection some = with(120);  // the small one does not overtake
  BOOST_TEST((some.now == Order{0}));
  BOOST_TEST(some.bytes == 100u);
  BOOST_TEST(some.later == 2u);
  BOOST_TEST(some.later_bytes == 31u);
  BOOST_TEST((with(5).now == Order{0}));
}

BOOST_AUTO_TEST_CASE(what_is_lost_names_the_moments_around_it) {
  const auto all = timeline({span(1, 20), span(30, 35)});
  const auto lost = difference(all, timeline({span(1, 5), span(10, 12), span(15, 20)}));
  const std::vector<Lost> expected{{kOld, Txid(6), Txid(9), Txid(5), Txid(10), 5, 10},
                                   {kOld, Txid(13), Txid(14), Txid(12), Txid(15), 12, 15},
                                   {kOld, Txid(30), Txid(35), Txid(20), {}, 20, 0}};
  BOOST_TEST((lost == expected));
  BOOST_TEST(difference(all, all).empty());
  const auto everything = difference(all, catalog::Timeline());
  BOOST_REQUIRE(everything.size() == 2u);
  BOOST_TEST((everything[1] == Lost{kOld, Txid(30), Txid(35), {}, {}, 0, 0}));
  BOOST_TEST(remaining(everything, all).empty());
}

BOOST_AUTO_TEST_SUITE_END()
