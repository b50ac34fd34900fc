#include "verify/verify.h"

#include "scene.h"
#include "storage/observe_store.h"
#include "verify/memory.h"

namespace streamd::verify {
namespace {

using storage::Operation;

BOOST_AUTO_TEST_SUITE(verify_replica)

BOOST_AUTO_TEST_CASE(a_whole_replica_is_read_once) {
  Scene scene;
  const VerifyReport report = scene.verify();
  BOOST_TEST(report.findings.size() == 0U);
  BOOST_TEST(report.objects == scene.objects().size());
  BOOST_TEST(report.read == report.objects);
  BOOST_TEST(report.bytes_read == report.bytes);
  BOOST_TEST(report.newest_is_whole);
  BOOST_TEST(report.oldest != 0);
  const int gets = scene.replica.store->calls(Operation::kGet);
  const VerifyReport again = scene.verify();
  BOOST_TEST(again.read == 0U);
  BOOST_TEST(scene.replica.store->calls(Operation::kGet) == gets + 1);  // the marker
  scene.options.stale_before = kReadAll;
  BOOST_TEST(scene.verify().read == report.objects);
}

BOOST_AUTO_TEST_CASE(every_damage_is_named_with_what_it_costs) {
  for (const std::string& key : Scene().objects()) {
    Scene scene;
    scene.verify();
    for (const std::size_t at : {std::size_t{0}, std::size_t{100}, std::size_t{270},
                                 scene.replica.store->content(key).size() - 20}) {
      Scene damaged;
      damaged.flip(key, at);
      const VerifyReport report = damaged.verify();
      BOOST_TEST_CONTEXT(key << " at " << at) {
        BOOST_REQUIRE(report.findings.size() == 1U);
        BOOST_TEST(report.findings[0].key == key);
        BOOST_TEST(report.findings[0].fault == Fault::kDamaged);
        BOOST_TEST((report.findings[0].lost == report.lost));
      }
    }
  }
}

Ranges cost(std::size_t segment) {
  Scene scene;
  scene.flip(scene.segments.at(segment), 300);
  return ranges(scene.verify().lost);
}

BOOST_AUTO_TEST_CASE(a_damaged_segment_costs_the_moments_up_to_the_next_snapshot) {
  BOOST_TEST((cost(0) == Ranges{{2, 8}}));
  BOOST_TEST((cost(1) == Ranges{{5, 8}}));
  BOOST_TEST((cost(2) == Ranges{{7, 8}}));
  BOOST_TEST((cost(3) == Ranges{{10, 11}}));
}

BOOST_AUTO_TEST_CASE(the_newest_moment_is_whole_or_not) {
  Scene old;
  old.flip(old.segments[0], 300);
  BOOST_TEST(old.verify().newest_is_whole);
  Scene newest;
  newest.flip(newest.segments[3], 300);
  BOOST_TEST(!newest.verify().newest_is_whole);
  Scene truncated;
  truncated.replica.store->erase(truncated.segments[2]);
  BOOST_TEST(truncated.verify().newest_is_whole);  // the second snapshot leads there
}

BOOST_AUTO_TEST_CASE(a_snapshot_that_others_lead_to_costs_nothing) {
  Scene scene;
  scene.flip(scene.second, 300);
  const VerifyReport report = scene.verify();
  BOOST_REQUIRE(report.findings.size() == 1U);
  BOOST_TEST(report.lost.size() == 0U);
  BOOST_TEST(report.newest_is_whole);
}

BOOST_AUTO_TEST_CASE(missing_objects_are_noticed) {
  Scene scene;
  scene.verify();
  scene.replica.store->erase(scene.segments[1]);
  VerifyReport report = scene.verify();
  BOOST_REQUIRE(report.findings.size() == 1U);
  BOOST_TEST(report.findings[0].fault == Fault::kMissing);
  BOOST_TEST(report.findings[0].key == "");
  BOOST_TEST((ranges(report.lost) == Ranges{{5, 8}}));

  Scene tip;  // no snapshot behind the gap
  tip.seal(2);
  tip.replica.store->erase(tip.segments[3]);
  report = tip.verify();
  BOOST_REQUIRE(report.findings.size() == 1U);
  BOOST_TEST((ranges(report.lost) == Ranges{{10, 13}}));
  BOOST_TEST(!report.newest_is_whole);

  Scene none;  // both snapshots
  none.replica.store->erase(none.first);
  none.replica.store->erase(none.second);
  report = none.verify();
  BOOST_REQUIRE(report.findings.size() == 1U);
  BOOST_TEST((ranges(report.lost) == Ranges{{2, 11}}));
}

// Nothing that is left names what was there: what was read before does, or who has acknowledged it.
BOOST_AUTO_TEST_CASE(newest_moments_that_were_taken_away_are_noticed) {
  for (const bool known_by_memory : {true, false}) {
    Scene scene;
    if (known_by_memory)
      scene.verify();
    else
      scene.options.reached = {scene.replica.generation, Txid(11)};
    scene.replica.store->erase(scene.segments[3]);
    for (int run = 0; run < 2; ++run) {
      const VerifyReport report = scene.verify();
      BOOST_REQUIRE(report.findings.size() == 1U);
      BOOST_TEST(report.findings[0].fault == Fault::kMissing);
      BOOST_TEST((ranges(report.lost) == Ranges{{10, 11}}));
      BOOST_TEST((report.lost[0].before == Txid(9)));
      BOOST_TEST(!report.newest_is_whole);
    }
    scene.replica.snapshot();  // of 11: nobody has to go by way of what is gone
    BOOST_TEST(scene.verify().findings.size() == 0U);
  }
}

BOOST_AUTO_TEST_CASE(what_objects_in_the_way_say_is_not_said_twice) {
  Scene scene;
  scene.seal(2);
  scene.verify();
  scene.replica.store->erase(scene.segments[3]);
  BOOST_TEST(scene.verify().findings.size() == 1U);
}

BOOST_AUTO_TEST_CASE(all_snapshots_of_the_newest_generation_taken_away) {
  Scene scene;
  scene.verify();
  for (const std::string& key : scene.objects()) scene.replica.store->erase(key);
  const VerifyReport report = scene.verify();
  BOOST_TEST(!report.newest_is_whole);
  BOOST_TEST((ranges(report.lost) == Ranges{{11, 11}}));
}

BOOST_AUTO_TEST_CASE(missing_and_shortened_parts_are_named) {
  for (const bool gone : {true, false})
    for (const std::string& key : Scene().objects()) {
      if (!key.ends_with(".part")) continue;
      Scene scene;
      scene.verify();
      if (gone) {
        scene.replica.store->erase(key);
      } else {
        Bytes bytes = scene.replica.store->content(key);
        bytes.pop_back();
        scene.replica.store->set(key, bytes);
      }
      const VerifyReport report = scene.verify();
      BOOST_REQUIRE(report.findings.size() >= 1U);
      BOOST_TEST(report.findings[0].key == key);
    }
}

// Its length is in the manifest that names it.
BOOST_AUTO_TEST_CASE(a_shortened_part_is_named_before_it_is_read) {
  int named = 0;
  for (const std::string& key : Scene().objects()) {
    if (!key.ends_with(".part")) continue;
    Scene scene;
    Bytes bytes = scene.replica.store->content(key);
    bytes.pop_back();
    scene.replica.store->set(key, bytes);
    scene.options.budget = 1;  // the newest manifest alone
    const VerifyReport report = scene.verify();
    BOOST_TEST(report.read == 1U);
    for (const Finding& finding : report.findings) {
      BOOST_TEST(finding.key == key);
      BOOST_TEST(finding.fault == Fault::kDamaged);
      ++named;
    }
  }
  BOOST_TEST(named > 0);
}

BOOST_AUTO_TEST_CASE(a_missing_piece_is_named) {
  Scene scene;
  scene.replica.commit(30);
  const catalog::SegmentKey key = scene.replica.seal(0, 3);
  BOOST_TEST(scene.verify().findings.size() == 0U);
  scene.seal(1);
  catalog::SegmentKey piece = key;
  piece.piece.index = 2;
  BOOST_REQUIRE(scene.replica.store->has(to_text(piece)));
  scene.replica.store->erase(to_text(piece));
  const VerifyReport report = scene.verify();
  BOOST_REQUIRE(report.findings.size() == 1U);
  BOOST_TEST(report.findings[0].key == to_text(piece));
  BOOST_TEST((ranges(report.lost) == Ranges{{12, 42}}));
}

BOOST_AUTO_TEST_CASE(a_delta_and_pruned_history_are_no_damage) {
  Scene scene;
  scene.replica.commit(3);
  scene.replica.seal_last(catalog::Completeness::kDelta);
  BOOST_TEST(scene.verify().findings.size() == 0U);
  for (int i : {0, 1, 2}) scene.replica.store->erase(scene.segments[static_cast<std::size_t>(i)]);
  BOOST_TEST(scene.verify().findings.size() == 0U);
}

BOOST_AUTO_TEST_CASE(right_bytes_under_a_wrong_name) {
  Scene scene;
  const Bytes one = scene.replica.store->content(scene.segments[0]),
              other = scene.replica.store->content(scene.segments[1]);
  scene.replica.store->set(scene.segments[0], other);
  scene.replica.store->set(scene.segments[1], one);
  const VerifyReport report = scene.verify();
  BOOST_TEST(report.findings.size() == 2U);
  BOOST_TEST((ranges(report.lost) == Ranges{{2, 8}}));
}

BOOST_AUTO_TEST_CASE(another_history_under_the_same_name_contradicts) {
  Scene scene, other(8);
  scene.replica.store->set(scene.segments[1], other.replica.store->content(other.segments[1]));
  const VerifyReport report = scene.verify();
  BOOST_REQUIRE(report.findings.size() >= 1U);
  BOOST_TEST(report.findings[0].fault == Fault::kContradicts);
  BOOST_TEST(report.findings[0].key == scene.segments[1]);
}

BOOST_AUTO_TEST_CASE(objects_of_another_database_and_a_missing_marker) {
  Scene scene;
  catalog::Marker marker = scene.replica.marker;
  marker.database.bytes[3] ^= 1;
  const std::string text = catalog::encode_marker(marker);
  scene.replica.store->set("streamd.json", Bytes(text.begin(), text.end()));
  BOOST_TEST(scene.verify().findings.size() == scene.objects().size());
  Scene without;
  without.replica.store->erase("streamd.json");
  const VerifyReport report = without.verify();
  BOOST_REQUIRE(report.findings.size() == 1U);
  BOOST_TEST(report.findings[0].key == "streamd.json");
  BOOST_TEST((ranges(report.lost) == Ranges{{1, 11}}));
}

BOOST_AUTO_TEST_CASE(a_budget_goes_on_where_it_stopped) {
  Scene scene;
  scene.options.budget = 1;  // one object a time
  const std::size_t all = scene.objects().size();
  for (std::size_t i = 1; i <= all; ++i) {
    const VerifyReport report = scene.verify();
    BOOST_TEST(report.read == 1U);
    BOOST_TEST(report.later == all - i);
    BOOST_TEST((report.oldest != 0) == (i == all));
  }
  BOOST_TEST(scene.verify().read == 0U);
}

BOOST_AUTO_TEST_CASE(damage_is_said_again_although_others_come_first) {
  Scene scene;
  scene.flip(scene.segments[0], 300);
  scene.verify();
  scene.seal(1);
  scene.options.budget = 1;
  const VerifyReport report = scene.verify();  // reads the new one
  BOOST_TEST(report.read == 1U);
  BOOST_REQUIRE(report.findings.size() == 1U);
  BOOST_TEST(report.findings[0].key == scene.segments[0]);
}

BOOST_AUTO_TEST_CASE(a_failing_store_interrupts_and_what_was_read_counts) {
  Scene scene;
  scene.options.parallel = 1;
  int gets = 0;
  scene.replica.store->before = [&](Operation operation, const std::string&) -> Status {
    if (operation == Operation::kGet && ++gets == 5)
      return make_error(Code::kTransient, "the line is down");
    return {};
  };
  const VerifyReport report = scene.verify();
  BOOST_REQUIRE(report.interrupted.has_value());
  BOOST_TEST(report.interrupted->code == Code::kTransient);
  BOOST_TEST(report.read == 3U);
  BOOST_TEST(scene.memory.size() == 3U);
  BOOST_TEST(scene.verify().read == scene.objects().size() - 3);
}

BOOST_AUTO_TEST_CASE(what_is_removed_meanwhile_is_no_damage) {
  Scene scene;
  scene.options.parallel = 1;
  scene.replica.store->before = [&](Operation operation, const std::string& key) -> Status {
    if (operation == Operation::kGet && key == scene.second) {
      for (const std::string& each :
           {scene.first, scene.segments[0], scene.segments[1], scene.segments[2]})
        scene.replica.store->erase(each);
    }
    return {};
  };
  const VerifyReport report = scene.verify();
  BOOST_TEST(report.findings.size() == 0U);
  BOOST_TEST(!report.interrupted.has_value());
}

BOOST_AUTO_TEST_CASE(the_memory_survives_and_a_damaged_one_is_none) {
  TempFolder folder;
  Scene scene;
  scene.flip(scene.segments[0], 300);
  scene.verify();
  const std::string path = folder.file("verified");
  must(save_memory(path, scene.memory));
  BOOST_TEST((must(load_memory(path)) == scene.memory));
  Bytes bytes = must(read_file(path));
  bytes[bytes.size() / 2] ^= 1;
  must(replace_file(path, bytes));
  BOOST_TEST(must(load_memory(path)).size() == 0U);
  BOOST_TEST(must(load_memory(folder.file("none"))).size() == 0U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace streamd::verify
