#include "restore/cached_pages.h"

#include <boost/test/unit_test.hpp>
#include <map>
#include <random>

using namespace streamd;
using namespace streamd::restore;

namespace {

constexpr std::uint32_t kSize = 512;

Bytes image(std::uint32_t pages, int fill) {
  return Bytes(std::size_t{pages} * kSize, static_cast<std::uint8_t>(fill));
}

// What would be a file.
class Below final : public PageFile {
 public:
  Status read(PageNo first, MutableBytes out) override {
    const std::size_t at = std::size_t{first.value - 1} * kSize;
    if (at + out.size() > bytes.size()) return make_error(Code::kCorrupt, "past the end");
    std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(at), out.size(), out.begin());
    return {};
  }
  Status write(PageNo first, ByteView images) override {
    if (full) return make_error(Code::kNoSpace, "planted");
    ++writes;
    const std::size_t at = std::size_t{first.value - 1} * kSize;
    bytes.resize(std::max(bytes.size(), at + images.size()));
    std::copy(images.begin(), images.end(), bytes.begin() + static_cast<std::ptrdiff_t>(at));
    return {};
  }
  Status cut(std::uint32_t pages) override {
    bytes.resize(std::size_t{pages} * kSize);
    return {};
  }
  Bytes bytes;
  int writes = 0;
  bool full = false;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(cached_pages)

BOOST_AUTO_TEST_CASE(whatever_is_written_is_read_and_in_the_file_in_the_end) {
  std::mt19937 engine(11);
  const auto random = [&] { return static_cast<std::uint32_t>(engine()); };
  for (const std::size_t room : {1u, 4u, 64u}) {
    Below file, model;
    CachedPages pages(file, kSize, room * kSize);
    std::uint32_t end = 40;
    for (auto* each : {static_cast<PageFile*>(&pages), static_cast<PageFile*>(&model)}) {
      BOOST_REQUIRE(each->write(PageNo(1), image(end, 7)));
      BOOST_REQUIRE(each->cut(end));
    }
    for (int step = 0; step < 3000; ++step) {
      const std::uint32_t first = 1 + random() % end, most = end - first + 1;
      const std::uint32_t count = 1 + random() % std::min(most, step % 50 == 0 ? 30u : 3u);
      if (random() % 2 == 0) {
        const Bytes what = image(count, static_cast<int>(random() % 256));
        BOOST_REQUIRE(pages.write(PageNo(first), what));
        BOOST_REQUIRE(model.write(PageNo(first), what));
      } else if (random() % 100 == 0) {
        const std::uint32_t now = 20 + random() % 40;
        if (now > end) {
          BOOST_REQUIRE(pages.write(PageNo(end + 1), image(now - end, 1)));
          BOOST_REQUIRE(model.write(PageNo(end + 1), image(now - end, 1)));
        }
        end = now;
        BOOST_REQUIRE(pages.cut(end));
        BOOST_REQUIRE(model.cut(end));
        BOOST_REQUIRE((file.bytes == model.bytes));
      } else {
        Bytes here(std::size_t{count} * kSize), there = here;
        BOOST_REQUIRE(pages.read(PageNo(first), here));
        BOOST_REQUIRE(model.read(PageNo(first), there));
        BOOST_REQUIRE((here == there));
      }
    }
    BOOST_REQUIRE(pages.cut(end));
    BOOST_TEST((file.bytes == model.bytes));
  }
}

// Also a page that is not in the file yet beside one that is.
BOOST_AUTO_TEST_CASE(neighbours_go_out_together_and_only_in_the_end) {
  Below file;
  CachedPages pages(file, kSize);
  BOOST_REQUIRE(pages.write(PageNo(1), image(20, 1)));  // many: at once
  BOOST_TEST(file.writes == 1);
  for (const std::uint32_t page : {22u, 21u, 3u, 22u, 9u, 4u})
    BOOST_REQUIRE(pages.write(PageNo(page), image(1, static_cast<int>(page))));
  BOOST_TEST(file.writes == 1);
  Bytes three(std::size_t{3} * kSize);
  BOOST_REQUIRE(pages.read(PageNo(20), three));
  BOOST_TEST((three[0] == 1 && three[kSize] == 21 && three[2 * kSize] == 22));
  BOOST_REQUIRE(pages.cut(22));
  BOOST_TEST(file.writes == 4);
}

BOOST_AUTO_TEST_CASE(a_full_disk_shows_when_it_is_written) {
  Below file;
  CachedPages pages(file, kSize, 2 * kSize);
  file.full = true;
  BOOST_TEST(pages.write(PageNo(1), image(1, 1)).has_value());
  BOOST_TEST(pages.write(PageNo(2), image(1, 1)).has_value());
  BOOST_TEST((pages.write(PageNo(3), image(1, 1)).error().code == Code::kNoSpace));
  BOOST_TEST((pages.cut(2).error().code == Code::kNoSpace));
}

BOOST_AUTO_TEST_SUITE_END()
