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
  for (unsigned seed = 1; seed <= 6; ++seed) {
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

// Objects too large for one read, in batches of a block or two, with hardly any memory.
BOOST_AUTO_TEST_CASE(portions_and_budgets_change_nothing) {
  for (unsigned seed = 21; seed <= 24; ++seed) {
    ReplicaBuilder replica(seed, 32768);  // four pages to a block: pages span blocks
    replica.run_bytes = 40 * 32768;
    replica.begin_with(20);
    replica.snapshot(8);
    for (int i = 0; i < 3; ++i) {
      replica.commit(25);
      replica.seal(0, i + 1);
    }
    RestoreFixture out;
    std::uint64_t fetched = 0;
    for (const std::uint64_t txid : {replica.txid, replica.txid - 7, replica.txid - 30})
      for (const unsigned parallel : {1u, 8u})
        for (const std::uint64_t batch : {1 * kKiB, 256 * kKiB, 8 * kMiB}) {
          out.fresh();
          out.options.target = at(txid);
          out.options.fetch = {parallel, 1000, 0, batch};
          out.options.progress = [&](const Progress& progress) {
            BOOST_TEST(progress.bytes <= progress.total);
            fetched = progress.bytes;
          };
          const auto report = out.must_restore(replica);
          BOOST_TEST(report.fetched == report.plan.bytes());
          BOOST_TEST(fetched == report.fetched);
          BOOST_TEST((out.content() == file_of(replica.states.at(txid), 32768)));
        }
  }
}

BOOST_AUTO_TEST_CASE(deltas_and_thinned_history_lead_on) {
  ReplicaBuilder replica(9);
  replica.begin_with(10);
  replica.snapshot();
  replica.commit(3);
  replica.seal();  // 2 to 4
  replica.commit(4);
  replica.seal_last(catalog::Completeness::kDelta);  // 5 to 8
  replica.commit(5);
  replica.seal_last(catalog::Completeness::kLast, 5);  // 9 to 13
  replica.commit(2);
  replica.seal();  // 14 and 15
  RestoreFixture out;
  for (const std::uint64_t txid : {1u, 3u, 4u, 8u, 13u, 14u, 15u}) {
    out.fresh();
    out.options.target = at(txid);
    out.must_restore(replica);
    BOOST_TEST((out.content() == file_of(replica.states.at(txid))));
  }
  out.fresh();
  for (const std::uint64_t txid : {5u, 7u, 9u, 12u}) {
    out.options.target = at(txid);
    BOOST_TEST((out.failure(replica) == Code::kOutsideWindow));
  }
  // Half a tick after 4 nothing had happened yet; then the hole begins.
  out.options.target = when(seen_at(4) + kTick / 2);
  BOOST_TEST(out.must_restore(replica).plan.moment.txid.value == 4u);
  out.fresh();
  out.options.target = when(seen_at(4) + kTick / 2 + 1);
  BOOST_TEST((out.failure(replica) == Code::kOutsideWindow));
}

BOOST_AUTO_TEST_CASE(page_hashes_follow_what_is_written_and_cut) {
  PageHashes hashes;
  hashes.set(PageNo(1), 5);
  hashes.set(PageNo(20'000), 6);
  hashes.set(PageNo(20'000), 7);
  BOOST_TEST(hashes.count() == 2u);
  BOOST_TEST(hashes.checksum() == (5u ^ 7u));
  std::vector<std::uint64_t> all;
  must(hashes.for_each_chunk(20'000, [&](PageNo first, const auto& chunk) -> Status {
    BOOST_TEST(first.value == all.size() + 1);
    all.insert(all.end(), chunk.begin(), chunk.end());
    return {};
  }));
  BOOST_TEST(all.size() == 20'000u);
  BOOST_TEST(all.back() == 7u);
  hashes.truncate(19'999);
  BOOST_TEST(hashes.count() == 1u);
  BOOST_TEST(hashes.checksum() == 5u);
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
  BOOST_TEST(report.plan.newest);
  BOOST_TEST(report.pages == replica.now().size);
  BOOST_TEST((out.content() == file_of(replica.now())));
  BOOST_TEST(out.names() == std::vector<std::string>{"out.db"}, boost::test_tools::per_element());
}

// A store takes one call at a time until it was asked what it can do.
BOOST_AUTO_TEST_CASE(the_store_is_asked_before_anything_large_is_read) {
  ReplicaBuilder replica(41);
  replica.begin_with(10);
  replica.snapshot();
  RestoreFixture out;
  for (const bool answers : {true, false}) {
    out.fresh();
    if (!answers)
      replica.store->fail_next(storage::Operation::kProbe,
                               make_error(Code::kPermission, "not allowed"));
    const int before = replica.store->calls(storage::Operation::kProbe);
    out.must_restore(replica);
    BOOST_TEST(replica.store->calls(storage::Operation::kProbe) == before + 1);
  }
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
