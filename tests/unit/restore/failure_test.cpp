// Every way to say no: the right code, a name, and nothing left behind.
#include "restore/restore.h"

#include "restoring.h"

using namespace streamd;
using namespace streamd::restore;
using storage::Store;

namespace {

// A snapshot with parts, three segments, one of them in pieces.
struct Standard : ReplicaBuilder {
  explicit Standard(unsigned seed = 3) : ReplicaBuilder(seed) {
    begin_with(24);
    snapshot();
    for (int i = 0; i < 3; ++i) {
      commit(5);
      seal(0, i == 1 ? 3 : 1);
    }
  }
  std::vector<std::string> data_keys() const {
    std::vector<std::string> found;
    for (const std::string& key : store->keys())
      if (key.starts_with("generations/")) found.push_back(key);
    return found;
  }
};

const std::vector<std::string> kNothing;

}  // namespace

BOOST_AUTO_TEST_SUITE(failures)

BOOST_AUTO_TEST_CASE(no_backup_and_not_yet_restorable) {
  RestoreFixture out;
  ReplicaBuilder empty(1);
  BOOST_TEST((out.failure(empty) == Code::kNotRestorable));
  empty.store->erase("streamd.json");
  BOOST_TEST((out.failure(empty) == Code::kNoBackup));
  out.options.if_backup_exists = true;
  BOOST_TEST((out.must_restore(empty).outcome == Outcome::kNoBackup));
  ReplicaBuilder begun(1);
  begun.begin_with(4);
  begun.commit(2);
  begun.seal();
  BOOST_TEST((out.failure(begun) == Code::kNotRestorable));
  begun.store->erase("streamd.json");
  BOOST_TEST((out.failure(begun) == Code::kCorrupt));
  BOOST_TEST(out.names() == kNothing, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(no_backup_needs_an_answer_from_all) {
  RestoreFixture out;
  ReplicaBuilder empty(1), silent(1);
  empty.store->erase("streamd.json");
  silent.store->before = [](auto, const std::string&) -> Status {
    return make_error(Code::kTransient, "connection refused");
  };
  const Replica both[] = {out.of(empty, "empty"), out.of(silent, "silent")};
  auto report = streamd::restore::restore(both, out.options);
  BOOST_REQUIRE(!report);
  BOOST_TEST((report.error().code == Code::kTransient));
  BOOST_TEST(report.error().message.find("silent") != std::string::npos);
  out.options.any_replica = true;
  report = streamd::restore::restore(both, out.options);
  BOOST_TEST((report.error().code == Code::kTransient));
}

BOOST_AUTO_TEST_CASE(the_replica_that_leads_farthest_is_taken) {
  RestoreFixture out;
  Standard behind, ahead;
  ahead.commit(2);
  ahead.seal();
  const Replica both[] = {out.of(behind, "behind"), out.of(ahead, "ahead")};
  const auto report = must(streamd::restore::restore(both, out.options));
  BOOST_TEST(report.replica == "ahead");
  BOOST_TEST((out.content() == file_of(ahead.now())));
  // Not while it does not answer, unless that is wished, or the moment is named exactly.
  out.fresh();
  ahead.store->before = [](auto, const std::string&) -> Status {
    return make_error(Code::kTimeout, "no answer");
  };
  BOOST_TEST((streamd::restore::restore(both, out.options).error().code == Code::kTimeout));
  out.options.any_replica = true;
  const auto older = must(streamd::restore::restore(both, out.options));
  BOOST_TEST(older.replica == "behind");
  BOOST_TEST(!older.plan.newest);
  out.fresh();
  out.options.any_replica = false;
  out.options.target.moment = ByTxid{Txid(7)};
  BOOST_TEST(must(streamd::restore::restore(both, out.options)).replica == "behind");
}

// The daemon may only go on where nobody has seen more.
BOOST_AUTO_TEST_CASE(newest_is_what_no_replica_goes_beyond) {
  RestoreFixture out;
  Standard replica, broken;
  broken.commit(2);
  broken.seal();
  broken.commit(1);
  broken.seal();
  for (const std::string& key : broken.store->keys())
    if (key.find(to_text(Txid(17)) + "-") != std::string::npos) broken.store->erase(key);
  const Replica both[] = {out.of(replica, "whole"), out.of(broken, "broken")};
  const auto refused = streamd::restore::restore(both, out.options);
  BOOST_REQUIRE(!refused);
  BOOST_TEST((refused.error().code == Code::kCorrupt));
  BOOST_TEST(refused.error().message.find("replica broken") != std::string::npos);
  BOOST_TEST(refused.error().hint.find("--txid 16") != std::string::npos);
  BOOST_TEST(refused.error().hint.find("--replica whole") != std::string::npos);
  out.options.any_replica = true;
  const auto report = must(streamd::restore::restore(both, out.options));
  BOOST_TEST(report.replica == "whole");
  BOOST_TEST(!report.plan.newest);
  BOOST_REQUIRE(report.plan.moment.notes.size() == 1u);
  BOOST_TEST(report.plan.moment.notes[0].find("broken") != std::string::npos);

  out.options.any_replica = false;
  // What leads as far as the broken one shows is no second best.
  out.fresh();
  Standard ahead;
  ahead.commit(3);
  ahead.seal();
  const Replica three[] = {both[0], both[1], out.of(ahead, "ahead")};
  BOOST_TEST(must(streamd::restore::restore(three, out.options)).plan.newest);

  out.fresh();
  ReplicaBuilder two(5);
  two.begin_with(5);
  two.snapshot();
  two.generation = GenerationId(0x0000000200000001);
  two.commit(1);
  two.seal();
  BOOST_TEST(!out.must_restore(two).plan.newest);
  out.fresh();
  two.snapshot();
  BOOST_TEST(out.must_restore(two).plan.newest);
  out.fresh();
  out.options.target.generation = GenerationId(0x0000000100000007);
  BOOST_TEST(!out.must_restore(two).plan.newest);
  out.options.out = out.folder.path();
  BOOST_TEST((out.failure(two) == Code::kUsage));
}

// Nor for a time: the broken one knows that there is more between.
BOOST_AUTO_TEST_CASE(a_replica_that_stopped_does_not_answer_for_one_with_a_hole) {
  RestoreFixture out;
  Standard stopped, hole;
  hole.commit(1);
  const std::string gone = to_text(hole.seal());
  hole.commit(1);
  hole.seal();
  hole.snapshot();
  hole.store->erase(gone);
  const Replica both[] = {out.of(stopped, "stopped"), out.of(hole, "hole")};
  const auto ask = [&](Micros time) {
    out.options.target.moment = ByTime{time};
    return streamd::restore::restore(both, out.options);
  };
  const auto refused = ask(seen_at(17));
  BOOST_REQUIRE(!refused);
  BOOST_TEST((refused.error().code == Code::kOutsideWindow));
  BOOST_TEST(refused.error().hint.find("--replica stopped") != std::string::npos);
  // A moment that the stopped one saw pass is one.
  BOOST_TEST(must(ask(seen_at(15))).plan.moment.txid.value == 15u);
  out.fresh();
  out.options.target.nearest = true;
  BOOST_TEST(must(ask(seen_at(17))).plan.moment.txid.value == 16u);
  out.fresh();
  out.options.target.nearest = false;
  out.options.any_replica = true;
  BOOST_TEST(must(ask(seen_at(17))).plan.moment.txid.value == 16u);
}

// A replica that cannot say whose it is may hold more.
BOOST_AUTO_TEST_CASE(a_damaged_marker_is_no_proof_that_nothing_is_newer) {
  RestoreFixture out;
  Standard replica, other;
  other.store->set("streamd.json", Bytes());
  const Replica both[] = {out.of(replica, "replica"), out.of(other, "other")};
  BOOST_TEST(!must(streamd::restore::restore(both, out.options)).plan.newest);
  out.fresh();
  other.commit(1);
  other.seal();
  const auto refused = streamd::restore::restore(both, out.options);
  BOOST_REQUIRE(!refused);
  BOOST_TEST((refused.error().code == Code::kCorrupt));
}

BOOST_AUTO_TEST_CASE(damage_is_found_and_named) {
  const Standard whole;
  for (const std::string& key : whole.data_keys()) {
    const Bytes good = whole.store->content(key);
    RestoreFixture out;
    for (int kind = 0; kind < 10; ++kind) {
      Bytes bad = good;
      if (kind < 8)
        bad[bad.size() * static_cast<std::size_t>(kind) / 8 + 3] ^= 0x40;
      else
        bad.resize(kind == 8 ? bad.size() / 2 : bad.size() - 1);
      whole.store->set(key, bad);
      BOOST_TEST((out.failure(whole) == Code::kCorrupt));
      BOOST_TEST(out.last_error.message.find(key) != std::string::npos);
      BOOST_TEST(out.last_error.hint.find("--txid") != std::string::npos);
      BOOST_TEST(out.names() == kNothing, boost::test_tools::per_element());
    }
    whole.store->set(key, good);
  }
}

// What verify says of a snapshot, that every moment can be restored without it, is so.
BOOST_AUTO_TEST_CASE(what_is_damaged_is_gone_around_where_something_leads_around_it) {
  Standard replica;
  const catalog::SnapshotKey snapshot = replica.snapshot();
  const std::string second = to_text(snapshot);
  std::vector<std::string> parts;
  for (const std::string& key : replica.store->keys())
    if (key.ends_with(".part") && !Standard().store->has(key)) parts.push_back(key);
  BOOST_REQUIRE(parts.size() > 1u);
  replica.commit(2);
  replica.seal();
  const auto restored_without = [&](const std::string& key) {
    RestoreFixture out;
    const auto report = out.must_restore(replica);
    BOOST_TEST((out.content() == file_of(replica.now())));
    BOOST_TEST(report.plan.moment.txid.value == replica.txid);
    BOOST_TEST(report.plan.newest);
    BOOST_REQUIRE(report.plan.moment.notes.size() == 1u);
    BOOST_TEST(report.plan.moment.notes[0] == "object " + key + " is damaged; restored without it");
    BOOST_TEST((out.names() == std::vector<std::string>{"out.db"}));
  };
  parts.push_back(second);
  for (const std::string& key : parts) {
    const Bytes good = replica.store->content(key);
    Bytes bad = good;
    bad[bad.size() / 2] ^= 0x40;
    replica.store->set(key, bad);
    restored_without(key);
    replica.store->set(key, Bytes());
    restored_without(key);
    replica.store->erase(key);
    if (key != second) restored_without(key);
    replica.store->set(key, good);
  }
  // However many snapshots need a part.
  for (int other = 1; other < 10; ++other)
    replica.store->set(to_text(catalog::SnapshotKey{snapshot.generation, snapshot.txid,
                                                    snapshot.time + other * 1000}),
                       replica.store->content(second));
  replica.store->erase(parts.front());
  restored_without(parts.front());
  // The same transactions in two objects: one is enough, wherever in it the damage is.
  ReplicaBuilder merged(3);
  merged.begin_with(24);
  merged.snapshot();
  merged.commit(5);
  const auto wide = merged.seal(1);
  Standard narrow;
  narrow.store->set(to_text(wide), merged.store->content(to_text(wide)));
  for (int at = 0; at < 8; ++at) {
    Bytes bad = merged.store->content(to_text(wide));
    bad[bad.size() * static_cast<std::size_t>(at) / 8 + 3] ^= 0x40;
    narrow.store->set(to_text(wide), bad);
    RestoreFixture out;
    out.must_restore(narrow);
    BOOST_TEST((out.content() == file_of(narrow.now())));
  }
}

// For a time: what others tell too may be damaged.
BOOST_AUTO_TEST_CASE(a_time_that_another_object_tells_needs_no_damaged_one) {
  ReplicaBuilder merged(3);
  merged.begin_with(24);
  merged.snapshot();
  merged.commit(15);
  const std::string wide = to_text(merged.seal(1));
  Standard replica;
  const auto keys = replica.data_keys();
  replica.store->set(wide, merged.store->content(wide));
  const auto damage = [&](const std::string& key) {
    Bytes bad = replica.store->content(key);
    for (std::size_t i = 0; i < bad.size(); i += 7) bad[i] ^= 0x40;
    replica.store->set(key, bad);
  };
  RestoreFixture out;
  out.options.target.moment = ByTime{seen_at(9)};
  damage(wide);
  BOOST_TEST(out.must_restore(replica).plan.moment.txid.value == 9u);
  BOOST_TEST((out.content() == file_of(replica.states.at(9))));
  out.fresh();
  replica.store->set(wide, merged.store->content(wide));
  for (const std::string& key : keys)
    if (key.find("/segments/") != std::string::npos) damage(key);
  BOOST_TEST(out.must_restore(replica).plan.moment.txid.value == 9u);
  out.fresh();
  damage(wide);
  BOOST_TEST((out.failure(replica) == Code::kCorrupt));
}

BOOST_AUTO_TEST_CASE(another_replica_has_what_is_damaged_in_one) {
  RestoreFixture out;
  const Standard first, second;
  for (const std::string& key : first.data_keys()) {
    const Bytes good = first.store->content(key);
    Bytes bad = good;
    bad[bad.size() / 2] ^= 0x40;
    first.store->set(key, bad);
    const Replica both[] = {out.of(first, "first"), out.of(second, "second")};
    const auto report = must(streamd::restore::restore(both, out.options));
    BOOST_TEST(report.replica == "second");
    BOOST_TEST(report.plan.newest);
    BOOST_TEST((out.content() == file_of(second.now())));
    BOOST_REQUIRE(report.plan.moment.notes.size() == 1u);
    BOOST_TEST(report.plan.moment.notes[0].find(key) != std::string::npos);
    out.fresh();
    // The same damage everywhere: the first one's.
    second.store->set(key, bad);
    const auto none = streamd::restore::restore(both, out.options);
    BOOST_REQUIRE(!none);
    BOOST_TEST((none.error().code == Code::kCorrupt));
    BOOST_TEST(none.error().message.find("replica first") != std::string::npos);
    BOOST_TEST(out.names() == kNothing, boost::test_tools::per_element());
    first.store->set(key, good);
    second.store->set(key, good);
  }
}

BOOST_AUTO_TEST_CASE(a_removed_object_is_a_gap_unless_nothing_needs_it) {
  const Standard whole;
  for (const std::string& key : whole.data_keys()) {
    const Bytes good = whole.store->content(key);
    whole.store->erase(key);
    RestoreFixture out;
    const auto report = out.restore(whole);
    // Without its last segment the replica is only shorter.
    if (report) {
      BOOST_TEST(report->plan.moment.txid.value < whole.txid);
      BOOST_TEST((out.content() == file_of(whole.states.at(report->plan.moment.txid.value))));
    } else {
      const Code code = report.error().code;
      BOOST_TEST((code == Code::kCorrupt || code == Code::kNotRestorable));
      BOOST_TEST(!report.error().hint.empty());
      if (key.ends_with(".part")) {
        BOOST_TEST((code == Code::kCorrupt));
        BOOST_TEST(report.error().message.find(key) != std::string::npos);
      }
      BOOST_TEST(out.names() == kNothing, boost::test_tools::per_element());
    }
    whole.store->set(key, good);
  }
}

// Listed, and not there when it is read, again and again: as a store that lost it.
BOOST_AUTO_TEST_CASE(an_object_that_is_listed_and_gone_is_named) {
  const Standard whole;
  for (const std::string& key : whole.data_keys()) {
    RestoreFixture out;
    int asked = 0;
    whole.store->before = [&](auto operation, const std::string& wanted) -> Status {
      if (operation != storage::Operation::kGet || wanted != key) return {};
      ++asked;
      return make_error(Code::kNotFound, "get " + wanted + ": not found");
    };
    BOOST_TEST((out.failure(whole) == Code::kCorrupt));
    BOOST_TEST(out.last_error.message.find(key) != std::string::npos);
    BOOST_TEST(asked <= 2);
    BOOST_TEST(out.names() == kNothing, boost::test_tools::per_element());
  }
  whole.store->before = {};
}

BOOST_AUTO_TEST_CASE(objects_that_are_swapped_are_found) {
  const Standard whole;
  const auto keys = whole.data_keys();
  for (std::size_t i = 0; i + 1 < keys.size(); ++i) {
    const Bytes good = whole.store->content(keys[i]);
    whole.store->set(keys[i], whole.store->content(keys[i + 1]));
    RestoreFixture out;
    BOOST_TEST((out.failure(whole) == Code::kCorrupt));
    whole.store->set(keys[i], good);
  }
  // Of another database.
  Standard other;
  other.marker.checksum_key = 1;
  const std::string text = catalog::encode_marker(other.marker);
  other.store->set("streamd.json", Bytes(text.begin(), text.end()));
  RestoreFixture out;
  BOOST_TEST((out.failure(other) == Code::kCorrupt));
}

BOOST_AUTO_TEST_CASE(a_merge_while_we_restore_leads_to_another_plan) {
  Standard replica;
  replica.commit(3);
  const auto narrow = replica.seal();
  // The same transactions again as one object of level 1, shown only once the others are gone.
  Standard merged;
  merged.commit(3);
  merged.seal();
  const std::string wide = [&] {
    ReplicaBuilder whole(3);
    whole.begin_with(24);
    whole.commit(18);
    const auto key = whole.seal(1);
    merged.store->set(to_text(key), whole.store->content(to_text(key)));
    return to_text(key);
  }();
  const Bytes content = merged.store->content(wide);
  bool done = false;
  replica.store->before = [&](auto operation, const std::string& key) -> Status {
    if (operation != storage::Operation::kGet || done || key != to_text(narrow)) return {};
    done = true;
    for (const std::string& each : replica.store->keys())
      if (each.find("/segments/") != std::string::npos) replica.store->erase(each);
    replica.store->set(wide, content);
    return {};
  };
  RestoreFixture out;
  out.options.fetch.parallel = 1;
  const auto report = out.must_restore(replica);
  BOOST_TEST(done);
  BOOST_TEST(report.plan.segments.size() == 1u);
  BOOST_TEST((out.content() == file_of(replica.now())));
}

BOOST_AUTO_TEST_CASE(cancelled_in_the_middle_leaves_nothing) {
  const Standard replica;
  const int gets = [&] {
    RestoreFixture out;
    out.must_restore(replica);
    return replica.store->calls(storage::Operation::kGet);
  }();
  for (int after = 1; after < gets; ++after) {
    Cancel cancel;
    std::atomic<int> left{after};
    replica.store->before = [&](auto, const std::string&) -> Status {
      if (--left == 0) cancel.cancel();
      return {};
    };
    RestoreFixture out;
    out.options.cancel = &cancel;
    const auto report = out.restore(replica);
    if (report) continue;  // everything was here by then
    BOOST_TEST((report.error().code == Code::kCancelled));
    BOOST_TEST(out.names() == kNothing, boost::test_tools::per_element());
  }
  replica.store->before = {};
}

BOOST_AUTO_TEST_CASE(a_dry_run_reads_the_plan_and_writes_nothing) {
  const Standard replica;
  RestoreFixture out;
  out.options.dry_run = true;
  const auto report = out.must_restore(replica);
  BOOST_TEST((report.outcome == Outcome::kPlanned));
  BOOST_TEST(report.plan.parts.size() > 2u);
  BOOST_TEST(report.plan.segments.size() == 3u);
  BOOST_TEST(to_json(report.plan).integer("bytes") > 0);
  BOOST_TEST(out.names() == kNothing, boost::test_tools::per_element());
}

// It says what the restore does.
BOOST_AUTO_TEST_CASE(a_dry_run_goes_around_a_damaged_manifest) {
  Standard replica;
  std::string first;
  for (const std::string& key : replica.store->keys())
    if (key.ends_with(".snap")) first = key;
  const std::string second = to_text(replica.snapshot());
  replica.commit(2);
  replica.seal();
  RestoreFixture out;
  out.options.dry_run = true;
  BOOST_TEST(out.must_restore(replica).plan.manifest->key == second);
  const Bytes good = replica.store->content(second);
  Bytes bad = good;
  bad[bad.size() - 9] ^= 0x40;
  for (const Bytes& content : {bad, Bytes(), replica.store->content(first)}) {
    replica.store->set(second, content);
    const auto planned = out.must_restore(replica);
    BOOST_TEST(planned.plan.manifest->key == first);
    BOOST_TEST(planned.plan.moment.txid.value == replica.txid);
    BOOST_TEST(planned.plan.newest);
    BOOST_REQUIRE(planned.plan.moment.notes.size() == 1u);
    BOOST_TEST(planned.plan.moment.notes[0] ==
               "object " + second + " is damaged; a restore does without it");
    out.options.dry_run = false;
    const auto restored = out.must_restore(replica);
    BOOST_TEST((restored.plan.manifest == planned.plan.manifest));
    BOOST_TEST((restored.plan.parts == planned.plan.parts));
    BOOST_TEST(restored.plan.segments.size() == planned.plan.segments.size());
    out.fresh();
    out.options.dry_run = true;
  }
  // Another replica has it; with the only one in the way the first damage is named.
  Standard other;
  other.snapshot();
  other.commit(2);
  other.seal();
  replica.store->set(first, Bytes());
  const Replica both[] = {out.of(replica, "replica"), out.of(other, "other")};
  const auto planned = must(streamd::restore::restore(both, out.options));
  BOOST_TEST(planned.replica == "other");
  BOOST_TEST(planned.plan.manifest->key == second);
  BOOST_REQUIRE(planned.plan.moment.notes.size() == 1u);
  BOOST_TEST(planned.plan.moment.notes[0].find("replica replica") != std::string::npos);
  BOOST_TEST((out.failure(replica) == Code::kCorrupt));
  BOOST_TEST(out.last_error.message.find(second) != std::string::npos);
  BOOST_TEST(out.names() == kNothing, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(sqlite_has_its_say) {
  const Standard replica;  // random bytes: proven, but no database
  RestoreFixture out;
  out.options.check = Check::kQuick;
  BOOST_TEST((out.failure(replica) == Code::kCorrupt));
  BOOST_TEST(out.names() == kNothing, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_SUITE_END()
