// The main path: every transaction of a made-up history comes out of a restore, byte by byte.
#include "restore/restore.h"

#include "restoring.h"

using namespace streamd;
using namespace streamd::restore;

namespace {

Target at(std::uint64_t txid) {
  return {ByTxid{Txid(txid)}, {}, false};
}
Target when(Micros time) {
  return {ByTime{time}, {}, false};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(restoring)

BOOST_AUTO_TEST_CASE(every_transaction_comes_back) {
  for (unsigned seed = 1; seed <= 12; ++seed) {
    ReplicaBuilder replica(seed);
    replica.begin_with(30);
    const std::uint64_t oldest = 1;
    replica.snapshot(seed % 3 == 0 ? 0 : 4);
    for (int i = 0; i < 8; ++i) {
      replica.commit(1 + static_cast<int>(seed + static_cast<unsigned>(i)) % 7);
      replica.seal(0, i % 3 + 1);
      if (i == 4) replica.snapshot();
    }
    RestoreFixture out;
    for (std::uint64_t txid = oldest; txid <= replica.txid; ++txid) {
      out.fresh();
      out.options.fetch.parallel = txid % 2 == 0 ? 1 : 8;
      out.options.target = at(txid);
      const auto report = out.must_restore(replica);
      BOOST_TEST(report.plan.moment.txid.value == txid);
      BOOST_TEST((report.seen == seen_at(txid)));
      BOOST_TEST((out.content() == file_of(replica.states.at(txid))));
    }
  }
}

BOOST_AUTO_TEST_CASE(latest_is_the_default) {
  ReplicaBuilder replica(77);
  replica.begin_with(9);
  replica.snapshot();
  replica.commit(20);
  replica.seal();
  RestoreFixture out;
  const auto report = out.must_restore(replica);
  BOOST_TEST(report.plan.moment.txid.value == replica.txid);
  BOOST_TEST(report.plan.moment.newest);
  BOOST_TEST(report.pages == replica.now().size);
  BOOST_TEST((out.content() == file_of(replica.now())));
  BOOST_TEST(out.names() == std::vector<std::string>{"out.db"}, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(times_resolve_to_the_exact_transaction) {
  ReplicaBuilder replica(5);
  replica.begin_with(12);
  replica.snapshot();
  for (int i = 0; i < 5; ++i) {
    replica.commit(4);
    replica.seal();
  }
  RestoreFixture out;
  for (std::uint64_t txid = 1; txid <= replica.txid; ++txid)
    for (const Micros offset : {Micros(0), Micros(1), kTick / 2, kTick - 1}) {
      out.fresh();
      out.options.target = when(seen_at(txid) + offset);
      const auto report = out.must_restore(replica);
      BOOST_TEST(report.plan.moment.txid.value == txid);
      BOOST_TEST((out.content() == file_of(replica.states.at(txid))));
    }
}

BOOST_AUTO_TEST_SUITE_END()
