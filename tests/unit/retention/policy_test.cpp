// What is kept, and why.
#include "retention/policy.h"

#include "made_up_replica.h"
#include "retention/judge.h"

using namespace streamd;
using namespace streamd::retention;
using catalog::Completeness;
using std::chrono::hours;
using Txids = std::vector<std::uint64_t>;

#define CHECK_SNAPSHOTS(replica, ...) \
  BOOST_TEST((replica).snapshots_left() == Txids(__VA_ARGS__), boost::test_tools::per_element())

BOOST_AUTO_TEST_SUITE(policy)

BOOST_AUTO_TEST_CASE(nothing_is_decided_about_nothing) {
  BOOST_TEST(MadeUpReplica().decide().objects.empty());
}

BOOST_AUTO_TEST_CASE(the_window_and_what_its_beginning_needs) {
  MadeUpReplica replica;
  replica.days(10);  // snapshots 1, 11, ... 101; 7 days back lies 31
  CHECK_SNAPSHOTS(replica, {31, 41, 51, 61, 71, 81, 91, 101});
  const catalog::Timeline left = catalog::read_timeline(replica.left());
  BOOST_TEST(left.generations[0].spans.size() == 1u);
  BOOST_TEST(left.generations[0].spans[0].first.value == 31u);
  BOOST_TEST(left.generations[0].segments.at(0).front().key.first.value == 32u);
  const auto reason = [&](const char* part) {
    for (const Decision& each : replica.decide().objects)
      if (each.object.key.find(part) != std::string::npos) return each.reason;
    return std::string();
  };
  BOOST_TEST(reason("snapshots/0000000000000001") ==
             "older than the retention, and no rule of keep holds it");
  BOOST_TEST(reason("snapshots/000000000000001f") == "the window begins from it");
  BOOST_TEST(reason("snapshots/0000000000000029") == "inside the window");
  BOOST_TEST(reason("segments/0/0000000000000016") == "before the window's beginning");
  BOOST_TEST(reason("segments/0/0000000000000020") == "inside the window");
}

BOOST_AUTO_TEST_CASE(the_beginning_needs_an_older_snapshot_and_what_leads_on_from_it) {
  MadeUpReplica replica;
  replica.snap(1, 12 * kDay);
  const auto leading = replica.segment(2, 9, 8 * kDay);
  for (std::uint64_t i = 8; i-- > 0;)
    replica.segment(17 - i, 17 - i, static_cast<Micros>(i) * kDay);
  BOOST_TEST(replica.decide().count(Fate::kKeep) == replica.listing.size());
  BOOST_TEST(replica.of(leading).reason == "leads to the window's beginning");
}

BOOST_AUTO_TEST_CASE(the_last_chain_stays_whatever_its_age) {
  MadeUpReplica replica;
  replica.snap(1, 900 * kDay);
  replica.segment(2, 9, 900 * kDay);
  replica.snap(9, 800 * kDay);
  replica.segment(10, 12, 700 * kDay);
  BOOST_TEST(replica.decide().count(Fate::kRemove) == 0u);  // two pauses are no seven days
  replica.rules.retention = replica.rules.history = milliseconds(60'000);
  BOOST_TEST(replica.decide().count(Fate::kRemove) == 0u);
  CHECK_SNAPSHOTS(replica, {1, 9});
}

BOOST_AUTO_TEST_CASE(a_snapshot_that_chains_pass_by_is_no_beginning) {
  MadeUpReplica replica;
  replica.snap(1, 11 * kDay);
  replica.segment(2, 20, 10 * kDay);
  const auto inside = replica.snap(15, 10 * kDay);  // nothing begins with transaction 16
  for (std::uint64_t i = 10; i-- > 0;)
    replica.segment(30 - i, 30 - i, static_cast<Micros>(i) * kDay);
  BOOST_TEST(replica.of(inside).fate == Fate::kKeep);
  MadeUpReplica broken = replica;
  broken.segment(21, 21, 9 * kDay);
  const catalog::Timeline left = catalog::read_timeline(broken.left());
  BOOST_TEST(left.generations[0].snapshots.front().key.txid.value == 1u);
  BOOST_TEST(left.generations[0].restorable(Txid(30)));
}

BOOST_AUTO_TEST_CASE(grandfathers) {
  MadeUpReplica replica;
  replica.days(40);
  replica.rules.retention = replica.rules.history = hours(48);
  replica.rules.keep.weekly = 3;
  replica.rules.keep.snapshots = 4;
  // 401 today, a Sunday; Sundays before: 331, 261. A day's pause counts as a quarter of two days:
  // 361 begins the window.
  CHECK_SNAPSHOTS(replica, {261, 331, 361, 371, 381, 391, 401});
  replica.rules.keep = {.all = hours(24 * 5)};
  CHECK_SNAPSHOTS(replica, {351, 361, 371, 381, 391, 401});
  // Beyond the retention only snapshots are kept: no transaction between them.
  const catalog::Timeline left = catalog::read_timeline(replica.left());
  BOOST_TEST(left.generations[0].segments.at(0).front().key.first.value == 362u);
}

BOOST_AUTO_TEST_CASE(older_than_the_history_only_snapshots_and_what_leads_on_from_them) {
  MadeUpReplica replica;
  replica.days(10);
  replica.rules.history = hours(48);
  const auto last = replica.segment(52, 58, 4 * kDay, 5, Completeness::kLast);
  const auto delta = replica.segment(59, 60, 4 * kDay, 0, Completeness::kDelta);
  const auto loose = replica.segment(54, 57, 4 * kDay, 5, Completeness::kLast);
  CHECK_SNAPSHOTS(replica, {31, 41, 51, 61, 71, 81, 91, 101});
  BOOST_TEST(replica.of(last).reason == "leads on from a snapshot");
  BOOST_TEST(replica.fate(delta) == Fate::kKeep);
  BOOST_TEST(replica.of(loose).reason == "older than the history: only snapshots stay there");
  BOOST_TEST(replica.fate(loose) == Fate::kRemove);
  const catalog::Timeline left = catalog::read_timeline(replica.left());
  BOOST_TEST(left.generations[0].restorable(Txid(60)));
  BOOST_TEST(!left.generations[0].restorable(Txid(55)));
  BOOST_TEST(left.generations[0].segments.at(0)[1].key.first.value == 62u);
}

BOOST_AUTO_TEST_CASE(a_generation_goes_once_a_newer_one_leads_to_the_beginning) {
  MadeUpReplica replica;
  replica.now = kNoon - 6 * kDay;
  replica.days(9);
  replica.now = kNoon;
  replica.generation = kSecondOne;
  const auto first = replica.snap(200, 5 * kDay);
  for (std::uint64_t i = 5; i-- > 0;)
    replica.segment(205 - i, 205 - i, static_cast<Micros>(i) * kDay);
  BOOST_TEST(replica.snapshots_left().size() > 1u);  // the old one has the beginning
  BOOST_TEST(replica.fate(first) == Fate::kKeep);
  replica.rules.retention = replica.rules.history = hours(72);
  CHECK_SNAPSHOTS(replica, {200});
  const Decision old = replica.of(replica.listing[1].key);  // a segment
  BOOST_TEST(old.reason.find("of a generation that is over") != std::string::npos);
  replica.rules.keep.daily = 3;  // of any generation
  BOOST_TEST(replica.snapshots_left().size() == 3u);
}

// Two generations change a minute before the window begins, or a minute after.
BOOST_AUTO_TEST_CASE(the_window_begins_where_one_generation_follows_another) {
  for (const Micros before : {kMinute, -kMinute}) {
    MadeUpReplica replica;
    replica.rules.retention = replica.rules.history = hours(48);
    replica.snap(1, 3 * kDay);
    const auto last = replica.segment(2, 9, 2 * kDay + 10 * kMinute);
    replica.generation = kSecondOne;
    replica.snap(10, 2 * kDay + before);
    for (std::uint64_t i = 0; i < 8; ++i)
      replica.segment(11 + i, 11 + i, 2 * kDay - static_cast<Micros>(i + 1) * 6 * kHour);
    const catalog::Timeline left = catalog::read_timeline(replica.left());
    const bool newer_leads = before > 0;
    BOOST_TEST((left.generations.front().id == (newer_leads ? kSecondOne : kFirst)));
    BOOST_TEST(replica.fate(last) == (newer_leads ? Fate::kRemove : Fate::kKeep));
    BOOST_TEST(left.find(kSecondOne)->restorable(Txid(10)));
  }
}

BOOST_AUTO_TEST_CASE(a_generation_without_a_snapshot_takes_nothing_from_the_one_before) {
  MadeUpReplica replica;
  replica.days(3);
  replica.rules.retention = replica.rules.history = hours(1);
  replica.generation = kSecondOne;
  const auto orphan = replica.segment(900, 901, 2 * kHour);
  const auto part = replica.part(1, 901, 2 * kHour, {});
  BOOST_TEST(replica.fate(orphan) == Fate::kKeep);
  BOOST_TEST(replica.of(part).reason == "perhaps of a snapshot that is being taken");
  const catalog::Timeline left = catalog::read_timeline(replica.left());
  BOOST_REQUIRE(left.newest_restorable() != nullptr);
  BOOST_TEST((left.newest_restorable()->id == kFirst));
  BOOST_TEST(left.newest_restorable()->newest()->last.value == 31u);
}

BOOST_AUTO_TEST_CASE(parts) {
  MadeUpReplica replica;
  replica.days(10);
  const auto manifest = [&](std::uint64_t txid) {
    for (const auto& [key, names] : replica.parts)
      if (key.find("snapshots/" + to_text(Txid(txid))) != std::string::npos) return key;
    return std::string();
  };
  const auto shared = replica.part(1, 1, 10 * kDay, {manifest(1), manifest(41)});
  const auto going = replica.part(1, 11, 9 * kDay, {manifest(11), manifest(21)});
  const auto orphan = replica.part(7, 5, 9 * kDay, {});
  const auto under_way = replica.part(7, 101, kHour, {});
  BOOST_TEST(replica.of(shared).reason == "a snapshot that stays names it");
  BOOST_TEST(replica.of(going).reason == "only snapshots that go name it");
  BOOST_TEST(replica.fate(going) == Fate::kRemove);
  BOOST_TEST(replica.of(orphan).reason == "no snapshot names it");
  BOOST_TEST(replica.fate(orphan) == Fate::kRemove);
  BOOST_TEST(replica.of(under_way).reason == "perhaps of a snapshot that is being taken");
  const std::string unread = manifest(61);
  replica.parts.erase(unread);
  BOOST_TEST(replica.of(orphan).reason == "perhaps " + unread + " names it");
  BOOST_REQUIRE(replica.decide().unread.size() == 1u);
  BOOST_TEST(replica.decide().unread.front() == unread);
}

BOOST_AUTO_TEST_CASE(what_a_merge_covers) {
  MadeUpReplica replica;
  replica.snap(1, 2 * kDay);
  const auto small = replica.segment(2, 5, kDay), piece = replica.segment(6, 9, kDay);
  const auto merged = replica.segment(2, 9, kDay, 1);
  const auto last = replica.segment(2, 9, kDay, 0, Completeness::kLast);
  const auto half = replica.segment(10, 12, kHour);
  replica.segment(10, 19, kHour, 2, Completeness::kAll, {1, 2});  // not complete
  const auto beside = replica.segment(13, 14, kHour);
  replica.segment(13, 20, kHour, 1);
  replica.snap(14, kHour);  // inside the merged one
  BOOST_TEST(replica.of(small).reason == "covered by one of level 1");
  BOOST_TEST(replica.fate(small) == Fate::kRemove);
  BOOST_TEST(replica.fate(piece) == Fate::kRemove);
  for (const auto& key : {merged, last, half, beside}) BOOST_TEST(replica.fate(key) == Fate::kKeep);
}

BOOST_AUTO_TEST_CASE(wide_segments_that_overlap) {
  MadeUpReplica replica;
  replica.snap(1, 2 * kDay);
  const auto small = replica.segment(2, 5, kDay), leads = replica.segment(6, 9, kDay);
  replica.segment(2, 12, kDay, 1);
  replica.segment(10, 20, kDay, 1);  // reached by way of the small ones alone
  for (const auto& key : {small, leads})
    BOOST_TEST(replica.of(key).reason == "perhaps leads on where wider segments overlap");
  for (const auto& key : {small, leads}) BOOST_TEST(replica.fate(key) == Fate::kKeep);
  const catalog::Timeline left = catalog::read_timeline(replica.left());
  BOOST_TEST(left.generations[0].restorable(Txid(20)));
}

BOOST_AUTO_TEST_CASE(the_grace) {
  MadeUpReplica replica;
  replica.snap(1, 2 * kDay);
  const auto small = replica.segment(2, 5, kDay);
  replica.segment(2, 9, 9 * kMinute, 1);
  replica.rules.grace = milliseconds(10 * 60'000);
  BOOST_TEST(replica.fate(small) == Fate::kWait);
  replica.rules.grace = milliseconds(8 * 60'000);
  BOOST_TEST(replica.fate(small) == Fate::kRemove);
  MadeUpReplica window;
  window.rules.grace = milliseconds(10 * 60'000);
  window.days(10);
  window.now += kDay - 5 * kMinute;  // transaction 41 is too young by five minutes
  CHECK_SNAPSHOTS(window, {31, 41, 51, 61, 71, 81, 91, 101});
  window.now += 9 * kMinute;  // older by four: it waits
  CHECK_SNAPSHOTS(window, {31, 41, 51, 61, 71, 81, 91, 101});
  BOOST_TEST(window.decide().count(Fate::kWait) == 2u);
  window.now += 7 * kMinute;
  CHECK_SNAPSHOTS(window, {41, 51, 61, 71, 81, 91, 101});
}

BOOST_AUTO_TEST_CASE(strangers_claims_and_what_is_reserved_stay) {
  MadeUpReplica replica;
  replica.days(10);
  for (const char* key :
       {"streamd.json", "writers/00000001.json", "writers/00000002.json", ".streamd-probe",
        "marks/deploy", "holds/x", "README", "generations/0000000100000009/keys/abc",
        "generations/0000000100000009/segments/0/x"})
    BOOST_TEST(replica.of(replica.put(key, 900 * kDay)).reason ==
               "not of the kinds that are pruned");
}

// The history is shorter than the window, and begins in a newer generation.
BOOST_AUTO_TEST_CASE(of_a_generation_that_is_over_snapshots_stay) {
  MadeUpReplica replica;
  replica.now = kNoon - 3 * kDay;
  replica.days(7);
  const auto merged = replica.segment(52, 71, 0, 1);
  replica.now = kNoon;
  replica.generation = kSecondOne;
  replica.snap(100, 3 * kDay - kHour);
  for (std::uint64_t i = 70; i-- > 0;)
    replica.segment(100 + 70 - i, 100 + 70 - i, static_cast<Micros>(i) * kHour);
  replica.rules.history = hours(24);
  const catalog::Timeline left = catalog::read_timeline(replica.left());
  const catalog::GenerationTimeline* old = left.find(kFirst);
  BOOST_REQUIRE(old != nullptr);
  BOOST_TEST(old->snapshots.size() > 2u);
  BOOST_TEST(old->segments.empty());
  BOOST_TEST(replica.of(merged).reason == "older than the history: only snapshots stay there");
}

BOOST_AUTO_TEST_CASE(parts_of_a_generation_that_is_over) {
  MadeUpReplica replica;
  replica.now = kNoon - 20 * kDay;
  replica.days(2);
  const auto part = replica.part(1, 900, 0, {});  // of a snapshot that nobody will finish
  replica.now = kNoon;
  replica.generation = kSecondOne;
  replica.days(10);
  BOOST_TEST(replica.of(part).reason == "no snapshot names it");
  BOOST_TEST(replica.fate(part) == Fate::kRemove);
  const std::size_t known = replica.parts.size();
  std::erase_if(replica.parts, [](const auto& each) {
    return each.first.find("0000000100000009") != std::string::npos;
  });
  BOOST_TEST(replica.parts.size() < known);
  BOOST_TEST(replica.decide().unread.empty());  // of manifests that go nobody asks
}

BOOST_AUTO_TEST_CASE(two_snapshots_of_one_transaction_have_one_fate) {
  MadeUpReplica replica;
  replica.days(40);
  replica.rules.retention = replica.rules.history = hours(48);
  replica.rules.keep.weekly = 3;  // 331 of them
  const auto earlier = replica.snap(331, 7 * kDay + kHour);
  BOOST_TEST(replica.fate(earlier) == Fate::kKeep);
  const auto later = replica.snap(341, -2 * kHour);  // no calendar counts what lies ahead
  replica.rules.keep = {.daily = 40};
  BOOST_TEST(replica.fate(later) == Fate::kKeep);
}

// A manifest of unknown age never goes, so what it names waits with it.
BOOST_AUTO_TEST_CASE(a_part_waits_for_the_manifest_that_names_it) {
  MadeUpReplica replica;
  replica.days(10);
  const auto manifest = replica.snap(5, 9 * kDay + kHour);
  replica.listing.back().mtime_ns = 0;
  const auto part = replica.part(1, 5, 9 * kDay, {manifest});
  BOOST_TEST(replica.fate(manifest) == Fate::kWait);
  BOOST_TEST(replica.fate(part) == Fate::kWait);
}

BOOST_AUTO_TEST_CASE(what_was_needed_when_the_grace_began_is_asked_for) {
  MadeUpReplica replica;
  replica.days(10);
  replica.part(1, 1, 9 * kDay, {});
  replica.now += 6 * kHour;
  replica.rules.grace = hours(12);
  const auto fate_of_21 = [&] {
    for (const Decision& each : replica.decide().objects)
      if (each.object.key.find("snapshots/" + to_text(Txid(21))) != std::string::npos)
        return each.fate;
    return Fate::kRemove;
  };
  BOOST_TEST(fate_of_21() == Fate::kWait);
  std::erase_if(replica.parts, [](const auto& each) {
    return each.first.find("snapshots/" + to_text(Txid(21))) != std::string::npos;
  });
  BOOST_TEST(replica.decide().unread.size() == 1u);
}

BOOST_AUTO_TEST_CASE(an_object_whose_age_the_store_does_not_tell_stays) {
  MadeUpReplica replica;
  replica.days(10);
  replica.listing.front().mtime_ns = 0;
  const Decisions decisions = replica.decide();
  BOOST_TEST(decisions.objects.front().fate != Fate::kRemove);
  BOOST_TEST(decisions.count(Fate::kRemove) > 0u);
  BOOST_TEST(decisions.bytes(Fate::kRemove) == 100 * decisions.count(Fate::kRemove));
}

BOOST_AUTO_TEST_CASE(what_covers_nothing) {
  MadeUpReplica replica;
  const auto orphan = replica.segment(2, 3, kHour), snapless = replica.segment(2, 5, kHour, 1);
  BOOST_TEST(replica.of(orphan).reason == "covered by one of level 1");
  BOOST_TEST(replica.fate(snapless) == Fate::kKeep);
  const auto wide = replica.segment(8, 12, kHour);
  replica.segment(8, 11, kHour, 1);                              // shorter
  replica.segment(8, 13, kHour, 2, Completeness::kLast);         // without what is between
  replica.segment(8, 13, kHour, 3, Completeness::kAll, {1, 2});  // not complete
  BOOST_TEST(replica.fate(wide) == Fate::kKeep);
}

// The last look at a decision, which a mistake of ours must not get past.
BOOST_AUTO_TEST_CASE(a_decision_that_would_lose_a_moment_is_refused) {
  MadeUpReplica replica;
  replica.days(10);
  const Judgement today = judge(replica.listing, replica.parts, replica.now, replica.rules);
  const Decisions right = replica.decide();
  BOOST_TEST(prove(right, today).has_value());
  const auto refused = [&](const Decisions& decisions) {
    const Status status = prove(decisions, today);
    return !status && status.error().code == Code::kInternal;
  };
  int segments = 0;
  for (std::size_t i = 0; i < right.objects.size(); ++i) {
    if (right.objects[i].fate == Fate::kRemove || !right.objects[i].object.key.ends_with(".all"))
      continue;
    Decisions wrong = right;
    wrong.objects[i].fate = Fate::kRemove;
    BOOST_TEST(refused(wrong), right.objects[i].object.key);
    ++segments;
  }
  BOOST_TEST(segments == 7);
  Decisions nothing_left = right;
  for (Decision& decision : nothing_left.objects) decision.fate = Fate::kRemove;
  BOOST_TEST(refused(nothing_left));
}

BOOST_AUTO_TEST_CASE(two_names_of_one_range_have_one_fate) {
  MadeUpReplica replica;
  replica.days(10);
  const auto late = replica.segment(12, 21, 8 * kDay + kHour);
  const auto young = replica.segment(92, 101, kMinute);
  BOOST_TEST(replica.fate(late) == Fate::kRemove);
  BOOST_TEST(replica.fate(young) == Fate::kKeep);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(clocks)

// An object is old only when its name and the store say so.
BOOST_AUTO_TEST_CASE(both_times_must_be_old) {
  MadeUpReplica replica;
  replica.days(10);
  for (catalog::Listed& object : replica.listing) object.mtime_ns = kNoon * 1000 - 1;  // a copy
  BOOST_TEST(replica.decide().count(Fate::kKeep) == replica.listing.size());
  for (catalog::Listed& object : replica.listing) object.mtime_ns = 0;  // the store does not tell
  BOOST_TEST(replica.decide().count(Fate::kKeep) == replica.listing.size());
}

// Names of 1970, and a store that keeps this machine's time.
BOOST_AUTO_TEST_CASE(a_clock_that_was_set_back_makes_nothing_old) {
  MadeUpReplica replica;
  replica.days(4);
  const Micros age = kNoon - 3600 * kSecond;  // since 1970
  const auto wrong = replica.segment(42, 44, age);
  replica.snap(44, age);
  replica.segment(45, 46, kMinute);
  BOOST_TEST(replica.decide().count(Fate::kKeep) == replica.listing.size());
  BOOST_TEST(replica.fate(wrong) == Fate::kKeep);
}

BOOST_AUTO_TEST_CASE(a_clock_a_year_ahead_does_not_hold_up_what_follows) {
  MadeUpReplica replica;
  replica.days(12);
  const auto wrong = replica.segment(122, 123, -365 * kDay);
  replica.segment(124, 124, 0);
  BOOST_TEST(replica.snapshots_left().front() == 51u);
  BOOST_TEST(replica.fate(wrong) == Fate::kKeep);
  // Later, when the moments after it are old, it goes with those before it.
  replica.now += 9 * kDay;
  for (std::uint64_t i = 9; i-- > 0;)
    replica.segment(133 - i, 133 - i, static_cast<Micros>(i) * kDay);
  replica.snap(133, 0);
  BOOST_TEST(replica.fate(wrong) == Fate::kKeep);  // leads from 121 to the beginning
}

// Nobody can tell a clock that is a year ahead from a machine that was off for a year: at most a
// quarter of the window is taken for it.
BOOST_AUTO_TEST_CASE(while_the_clock_is_ahead_a_quarter_of_the_window_goes) {
  MadeUpReplica replica;
  replica.days(14);  // 141 now; 71 begins the window
  BOOST_TEST(replica.snapshots_left().front() == 71u);
  replica.now += 365 * kDay;
  replica.segment(142, 142, 0);
  BOOST_TEST(replica.snapshots_left().front() == 81u);  // 6 days and a quarter of 7
  replica.segment(143, 143, -kHour);
  BOOST_TEST(replica.snapshots_left().front() == 81u);
}

// Names may be ahead of the store by as much as is tolerated: that makes nothing older.
BOOST_AUTO_TEST_CASE(a_clock_that_is_minutes_ahead_does_not_shorten_the_window) {
  MadeUpReplica replica;
  replica.days(10);
  replica.now += kDay - 3 * kMinute;  // transaction 41 is too young by three minutes
  replica.segment(102, 102, -4 * kMinute);
  replica.listing.back().mtime_ns = replica.now * 1000;
  BOOST_TEST(replica.snapshots_left().front() == 31u);
  replica.now += 3 * kMinute;
  BOOST_TEST(replica.snapshots_left().front() == 41u);
}

BOOST_AUTO_TEST_CASE(equal_times) {
  MadeUpReplica replica;
  replica.days(10, 0);
  BOOST_TEST(replica.decide().count(Fate::kKeep) == replica.listing.size());
  replica.now += 7 * kDay;
  BOOST_TEST(replica.decide().count(Fate::kKeep) == replica.listing.size());
}

BOOST_AUTO_TEST_SUITE_END()
