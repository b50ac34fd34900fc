#include "apps/timeline_drawing.h"

#include <boost/test/unit_test.hpp>

using namespace streamd;
using namespace streamd::apps;
using namespace streamd::catalog;

namespace {

const GenerationId kGeneration(0x0000000100000009);
constexpr Micros kBegin = 1'795'305'600'000'000, kHour = 3'600'000'000;  // 2026-11-22T00:00:00Z

// Transaction n was seen n hours after the beginning.
struct Drawn {
  Drawn& snap(std::uint64_t txid) {
    return put(to_text(SnapshotKey{kGeneration, Txid(txid), at(txid)}));
  }
  Drawn& segment(std::uint64_t first, std::uint64_t last, std::uint8_t level = 0) {
    return put(to_text(
        SegmentKey{kGeneration, level, Txid(first), Txid(last), at(last), {}, Completeness::kAll}));
  }
  Drawn& put(const std::string& key) {
    listing.push_back({key, 1024, 1});
    return *this;
  }
  Micros at(std::uint64_t txid) const { return kBegin + static_cast<Micros>(txid) * kHour + jump; }
  std::vector<std::string> lines(DrawingStyle style = {58, false}) const {
    std::vector<std::string> lines;
    std::string text = draw_timeline(read_timeline(listing), style);
    for (std::size_t end = text.find('\n'); end != std::string::npos; end = text.find('\n')) {
      lines.push_back(text.substr(0, end));
      text.erase(0, end + 1);
    }
    return lines;
  }
  std::vector<Listed> listing;
  Micros jump = 0;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(timeline_drawing)

BOOST_AUTO_TEST_CASE(spans_holes_snapshots_and_levels) {
  Drawn drawn;
  drawn.snap(0).segment(1, 8, 1).segment(9, 9).segment(14, 15).snap(15).segment(16, 20);
  const auto lines = drawn.lines();
  BOOST_REQUIRE(lines.size() == 7u);
  BOOST_TEST(lines[0] == "generation 0000000100000009: transactions 0 to 20");
  BOOST_TEST(lines[1] ==
             "              2026-11-22T00:00:00.000000Z to 2026-11-22T20:00:00.000000Z");
  BOOST_TEST(lines[2] == "  restorable  #########+.....#####");
  BOOST_TEST(lines[3] == "  snapshots   *              *      2, 2.0 KiB");
  BOOST_TEST(lines[4] == "  level 0              -     -   -  3, 3.0 KiB");
  BOOST_TEST(lines[5] == "  level 1             -             1, 1.0 KiB");
  BOOST_TEST(lines[6] ==
             "  hole: after transaction 9 (2026-11-22T09:00:00.000000Z) before 15 "
             "(2026-11-22T15:00:00.000000Z)");
  const auto pretty = drawn.lines({58, true});
  BOOST_TEST(pretty[2] == "  restorable  █████████▒·····█████");
  BOOST_TEST(drawn.lines({100, false})[2].size() > lines[2].size());
  BOOST_TEST(drawn.lines({1, false})[2].size() == lines[2].size());  // a least width
}

BOOST_AUTO_TEST_CASE(a_generation_that_only_began) {
  Drawn drawn;
  drawn.segment(1, 4).put(to_text(PartKey{kGeneration, PageNo(1), Txid(4), {}}));
  const auto lines = drawn.lines();
  BOOST_REQUIRE(lines.size() == 3u);
  BOOST_TEST(lines[0] == "generation 0000000100000009: no moment can be restored");
  BOOST_TEST(lines[2] == "  parts       1, 1.0 KiB");
  BOOST_TEST(Drawn().lines().empty());
}

BOOST_AUTO_TEST_CASE(a_moment) {
  const auto lines = Drawn().snap(3).lines();
  BOOST_TEST(lines[2] == "  restorable                     #");  // the newest is at the right
}

// A clock that was a year ahead for a while does not stretch the axis, and one that was set back
// does not draw what came later first.
BOOST_AUTO_TEST_CASE(clocks_that_lie) {
  Drawn drawn;
  drawn.snap(0).segment(1, 5);
  drawn.jump = 365 * 24 * kHour;
  drawn.segment(6, 10);
  drawn.jump = -365 * 24 * kHour;
  drawn.segment(11, 15);
  drawn.jump = 0;
  drawn.segment(16, 20);
  const auto lines = drawn.lines({58, false, kBegin + 21 * kHour});
  BOOST_TEST(lines[2] == "  restorable  ####################");
  BOOST_TEST(lines[4] == "  level 0          -             -  4, 4.0 KiB");
}

BOOST_AUTO_TEST_SUITE_END()
