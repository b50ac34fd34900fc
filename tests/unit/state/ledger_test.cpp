#include "state/ledger.h"

#include <boost/test/unit_test.hpp>

#include "temp_folder.h"

using namespace streamd;
using state::Ledger;

namespace {

template <class T>
T require(Result<T> result) {
  BOOST_REQUIRE_MESSAGE(result.has_value(), (result ? std::string() : result.error().message));
  return std::move(result).take();
}
constexpr PageNo kNoLockPage{1'000'000};

}  // namespace

BOOST_AUTO_TEST_SUITE(ledger)

BOOST_AUTO_TEST_CASE(pending_hashes_win_and_enter_the_file_only_when_applied) {
  const TempFolder folder;
  {
    Ledger ledger = require(Ledger::open(folder.file("ledger")));
    require(ledger.set_durable(PageNo(1), {11, 12, 13}));
    ledger.set_pending(PageNo(2), 22);
    ledger.set_pending(PageNo(5000), 99);  // another window
    BOOST_TEST(require(ledger.get(PageNo(1))) == 11u);
    BOOST_TEST(require(ledger.get(PageNo(2))) == 22u);
    BOOST_TEST(require(ledger.get(PageNo(5000))) == 99u);
    BOOST_TEST(require(ledger.get(PageNo(4999))) == 0u);
    ledger.drop_pending();
    BOOST_TEST(require(ledger.get(PageNo(2))) == 12u);
    ledger.set_pending(PageNo(2), 23);
    require(ledger.apply_pending());
    ledger.set_pending(PageNo(3), 33);  // never applied
  }
  Ledger again = require(Ledger::open(folder.file("ledger")));
  BOOST_TEST(require(again.get(PageNo(2))) == 23u);
  BOOST_TEST(require(again.get(PageNo(3))) == 13u);
  BOOST_TEST(require(again.get(PageNo(5000))) == 0u);
}

BOOST_AUTO_TEST_CASE(a_database_that_shrinks_and_grows_again_forgets_what_was_cut) {
  const TempFolder folder;
  Ledger ledger = require(Ledger::open(folder.file("ledger")));
  require(ledger.set_durable(PageNo(1), {1, 2, 3, 4, 5}));
  ledger.set_pending(PageNo(4), 44);
  ledger.shrink_pending(2);
  ledger.set_pending(PageNo(3), 33);
  BOOST_TEST(require(ledger.get(PageNo(2))) == 2u);
  BOOST_TEST(require(ledger.get(PageNo(3))) == 33u);
  BOOST_TEST(require(ledger.get(PageNo(4))) == 0u);
  require(ledger.apply_pending());
  BOOST_TEST(require(ledger.get(PageNo(3))) == 33u);
  BOOST_TEST(require(ledger.get(PageNo(5))) == 0u);
}

BOOST_AUTO_TEST_CASE(the_checksum_needs_every_page_but_the_lock_page) {
  const TempFolder folder;
  Ledger ledger = require(Ledger::open(folder.file("ledger")));
  require(ledger.set_durable(PageNo(1), {0x1, 0x2}));
  ledger.set_pending(PageNo(4), 0x8);
  BOOST_TEST(!require(ledger.checksum(4, kNoLockPage)).has_value());
  BOOST_TEST(require(ledger.checksum(4, PageNo(3))).value() == 0xbu);
  BOOST_TEST(require(ledger.checksum(2, kNoLockPage)).value() == 0x3u);
  require(ledger.truncate(1));
  BOOST_TEST(require(ledger.get(PageNo(2))) == 0u);
}

BOOST_AUTO_TEST_CASE(windows_follow_what_is_written) {
  const TempFolder folder;
  Ledger ledger = require(Ledger::open(folder.file("ledger")));
  for (std::uint32_t page = 1; page <= 20'000; page += 97) {
    BOOST_TEST(require(ledger.get(PageNo(page))) == 0u);  // its window is read
    require(ledger.set_durable(PageNo(page), {page}));
    BOOST_TEST(require(ledger.get(PageNo(page))) == page);
  }
  require(ledger.sync());
  for (std::uint32_t page = 1; page <= 20'000; page += 97)
    BOOST_TEST(require(ledger.get(PageNo(page))) == page);
}

BOOST_AUTO_TEST_SUITE_END()
