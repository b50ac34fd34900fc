#include "replicate/scrub.h"

#include <boost/test/unit_test.hpp>

#include "daemon_life.h"

using namespace streamd;
using namespace streamd::replicate;

namespace {

constexpr segment::ChecksumKey kKey{7};

// A database whose ledger knows all pages.
struct Scene {
  explicit Scene(int rows) {
    identity.checksum_key = kKey;
    database.insert(rows, 3000);
    recorder = std::make_unique<Recorder>(identity, state::Tip{}, ledger, *spool, system_clock());
    capture = require(sqlite::Capture::attach(database.path(), {}, *recorder, {}, system_clock()));
    image = database.image();
    for (std::uint32_t page = 1; page <= capture->position().pages; ++page)
      BOOST_REQUIRE(ledger.set_durable(PageNo(page), {hash_of(page)}));
  }
  std::uint64_t hash_of(std::uint32_t page) const {
    return segment::page_hash(ByteView(image).subspan((page - 1) * 4096, 4096), PageNo(page), kKey);
  }
  // To the end; how many batches there were before.
  Scrub::Found find() {
    Scrub scrub(ledger, kKey);
    for (batches = 1;; ++batches) {
      const Scrub::Found found = require(scrub.some(*capture));
      if (found != Scrub::Found::kMore) return found;
    }
  }
  LiveDatabase database;
  const TempFolder folder;
  state::Identity identity;
  state::Ledger ledger = require(state::Ledger::create(folder.file("ledger")));
  std::unique_ptr<state::Spool> spool = require(state::Spool::open(folder.file("spool")));
  std::unique_ptr<Recorder> recorder;
  std::unique_ptr<sqlite::Capture> capture;
  Bytes image;
  int batches = 0;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(scrub)

BOOST_AUTO_TEST_CASE(pages_that_are_known_are_read_in_batches) {
  for (const int rows : {1, 3000}) {
    Scene scene(rows);
    BOOST_TEST((scene.find() == Scrub::Found::kAsKnown));
    BOOST_TEST(scene.batches == (rows == 1 ? 1 : 3));
  }
}

BOOST_AUTO_TEST_CASE(one_that_differs_is_found_wherever_it_is) {
  Scene scene(3000);
  const std::uint32_t pages = scene.capture->position().pages;
  for (const std::uint32_t page : {1u, 1024u, 1025u, pages}) {
    BOOST_REQUIRE(scene.ledger.set_durable(PageNo(page), {scene.hash_of(page) ^ 1}));
    BOOST_TEST((scene.find() == Scrub::Found::kOther), page);
    scene.ledger.set_pending(PageNo(page), scene.hash_of(page));  // captured since
    BOOST_TEST((scene.find() == Scrub::Found::kAsKnown), page);
  }
}

BOOST_AUTO_TEST_CASE(what_was_never_read_says_nothing) {
  Scene scene(10);
  BOOST_REQUIRE(scene.ledger.set_durable(PageNo(2), {0}));
  BOOST_TEST((scene.find() == Scrub::Found::kAsKnown));
}

BOOST_AUTO_TEST_SUITE_END()
