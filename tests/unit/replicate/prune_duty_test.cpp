#include "replicate/prune_duty.h"

#include <boost/test/unit_test.hpp>

#include "base/file.h"
#include "memory_store.h"
#include "segment/snapshot_writer.h"
#include "temp_folder.h"

using namespace streamd;
using namespace streamd::replicate;
using std::chrono::hours;
using std::chrono::minutes;
using Operation = MemoryStore::Operation;

namespace {

const GenerationId kGeneration(0x0000000100000009);
constexpr Micros kMinute = 60'000'000;

class SetClock final : public Clock {
 public:
  Micros wall_micros() const override { return 1'795'348'800'000'000 + passed.count() * 1000; }
  MonoTime mono() const override { return MonoTime(hours(1000)) + passed; }
  milliseconds passed{0};
};

template <class T>
T require(Result<T> result) {
  BOOST_REQUIRE_MESSAGE(result.has_value(), (result ? std::string() : result.error().message));
  return std::move(result).take();
}

// A snapshot without parts: before anything goes, those that stay are read.
Bytes manifest() {
  const TempFolder folder;
  auto writer = require(segment::ManifestWriter::create(
      require(File::create_new(folder.file("manifest"))), {.page_size = 512}));
  segment::ObjectHeader header;
  header.generation = kGeneration;
  header.first = header.last = Txid(1);
  header.first_seen = header.last_seen = header.pages_after = 1;
  const Bytes image(512);
  BOOST_REQUIRE(writer.add_page(PageNo(1), image, 1));
  const segment::SealedObject sealed = require(writer.seal(header, {}, nullptr));
  return require(read_file(sealed.file.path()));
}

// A snapshot and a segment a quarter of an hour apart, for ten hours.
struct Scene {
  Scene() {
    rules.retention = rules.history = hours(4);
    const Bytes snapshot = manifest();
    for (std::uint64_t i = 0; i <= 40; ++i) {
      const Micros time = clock.wall_micros() - static_cast<Micros>(40 - i) * 15 * kMinute;
      store.mtime_ns = time * 1000;
      store.set(to_text(catalog::SnapshotKey{kGeneration, Txid(i + 1), time}), snapshot);
      if (i > 0)
        put(to_text(catalog::SegmentKey{
            kGeneration, 0, Txid(i + 1), Txid(i + 1), time, {}, catalog::Completeness::kAll}));
    }
    view.generation = kGeneration;
    view.acknowledged = view.snapshot = Txid(41);
    view.oldest = clock.wall_micros() - 600 * kMinute;
    pass(minutes(11));  // nothing becomes old within the grace
  }
  void put(const std::string& key) { store.set(key, Bytes(10)); }
  void pass(milliseconds time) {
    clock.passed += time;
    store.mtime_ns = clock.wall_micros() * 1000;
    view.now = clock.mono();
  }
  Status run(PruneDuty& duty) {
    const std::string name = "one", database = "/d/app.db", state = folder.path();
    const storage::Call call;
    return duty.run(view, {name, database, state, store, call, clock});
  }
  // An hour after it was first seen: the first look that may list.
  void first_seen_by(PruneDuty& duty) {
    BOOST_TEST(duty.due_in(view).count() <= 0);
    BOOST_REQUIRE(run(duty).has_value());
    pass(hours(1));
  }
  int listings() const { return store.calls(Operation::kList); }

  TempFolder folder;
  SetClock clock;
  MemoryStore store;
  retention::Rules rules;
  PruneView view;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(prune_duty)

BOOST_AUTO_TEST_CASE(after_an_hour_then_hourly_while_it_moves_and_daily_when_it_rests) {
  Scene scene;
  PruneDuty duty(scene.rules);
  BOOST_TEST(duty.due_in(scene.view).count() <= 0);  // to read its file
  BOOST_REQUIRE(scene.run(duty).has_value());
  BOOST_TEST(scene.listings() == 0);
  BOOST_TEST((duty.due_in(scene.view) == hours(1)));
  scene.pass(hours(1));
  BOOST_REQUIRE(scene.run(duty).has_value());
  BOOST_TEST(duty.removed().size() > 20u);
  BOOST_TEST((duty.due_in(scene.view) == hours(24)));
  scene.view.acknowledged = Txid(42);
  BOOST_TEST((duty.due_in(scene.view) == hours(1)));
  scene.pass(minutes(50));
  BOOST_TEST((duty.due_in(scene.view) == minutes(10)));
  BOOST_REQUIRE(scene.run(duty).has_value());
  BOOST_TEST((duty.due_in(scene.view) >= hours(1)));
  scene.pass(hours(24));
  BOOST_TEST(duty.due_in(scene.view).count() <= 0);
}

BOOST_AUTO_TEST_CASE(after_a_snapshot_when_its_grace_is_over) {
  Scene scene;
  PruneDuty duty(scene.rules);
  scene.first_seen_by(duty);
  BOOST_REQUIRE(scene.run(duty).has_value());
  scene.view.snapshot = Txid(42);
  const milliseconds due = duty.due_in(scene.view);
  BOOST_TEST((due > minutes(10) && due < minutes(11)));
  scene.pass(minutes(5));
  BOOST_TEST((duty.due_in(scene.view) == due - minutes(5)));
  scene.view.oldest = scene.clock.wall_micros();  // also where it needs no listing
  const int listings = scene.listings();
  PruneDuty young(scene.rules);
  scene.first_seen_by(young);
  BOOST_REQUIRE(scene.run(young).has_value());
  scene.view.snapshot = Txid(43);
  BOOST_TEST((young.due_in(scene.view) < minutes(11)));
  scene.pass(minutes(11));
  BOOST_REQUIRE(scene.run(young).has_value());
  BOOST_TEST((young.due_in(scene.view) == hours(24)));
  BOOST_TEST(scene.listings() == listings);
}

BOOST_AUTO_TEST_CASE(nothing_is_listed_before_something_can_be_old) {
  Scene scene;
  scene.view.oldest = retention::kNever;  // it was empty when it was joined
  PruneDuty duty(scene.rules);
  scene.first_seen_by(duty);
  for (int i = 1; i < 4; ++i) {  // an hour of the four has passed, and the grace comes after them
    BOOST_TEST(duty.due_in(scene.view).count() <= 0);
    BOOST_REQUIRE(scene.run(duty).has_value());
    scene.view.acknowledged = scene.view.acknowledged.next();
    scene.pass(hours(1));
  }
  BOOST_REQUIRE(scene.run(duty).has_value());
  BOOST_TEST(scene.listings() == 0);
  scene.view.acknowledged = scene.view.acknowledged.next();
  scene.pass(hours(1));
  BOOST_REQUIRE(scene.run(duty).has_value());
  BOOST_TEST(scene.listings() > 0);
}

BOOST_AUTO_TEST_CASE(a_clock_that_was_ahead_at_first_does_not_make_it_young_for_long) {
  Scene scene;
  scene.view.oldest = scene.clock.wall_micros() + 365 * 24 * 60 * kMinute;
  PruneDuty duty(scene.rules);
  scene.first_seen_by(duty);
  scene.pass(hours(4));
  BOOST_REQUIRE(scene.run(duty).has_value());
  BOOST_TEST(scene.listings() > 0);
}

// No pause counts as more than a quarter of the window: what is left stays.
BOOST_AUTO_TEST_CASE(what_rests_is_not_listed_in_vain) {
  Scene scene;
  std::optional<PruneDuty> duty(scene.rules);
  scene.first_seen_by(*duty);
  BOOST_REQUIRE(scene.run(*duty).has_value());
  BOOST_TEST(duty->removed().size() > 20u);
  const int once = scene.listings();
  const auto rest_a_day = [&] {
    scene.pass(duty->due_in(scene.view));
    BOOST_REQUIRE(scene.run(*duty).has_value());
  };
  for (int day = 0; day < 40; ++day) {
    if (day % 10 == 0) duty.emplace(scene.rules);  // a new life
    rest_a_day();
  }
  BOOST_TEST(scene.listings() == once);
  scene.view.acknowledged = Txid(42);
  rest_a_day();
  BOOST_TEST(scene.listings() > once);
}

BOOST_AUTO_TEST_CASE(other_rules_are_looked_after_at_once) {
  Scene scene;
  {
    PruneDuty duty(scene.rules);
    scene.first_seen_by(duty);
    BOOST_REQUIRE(scene.run(duty).has_value());
  }
  scene.rules.keep.snapshots = 3;
  scene.rules.retention = scene.rules.history = hours(2);
  const int listings = scene.listings();
  PruneDuty duty(scene.rules);
  scene.pass(hours(24));
  BOOST_REQUIRE(scene.run(duty).has_value());
  BOOST_TEST(scene.listings() > listings);
  BOOST_TEST(duty.removed().size() > 2u);
}

BOOST_AUTO_TEST_CASE(short_lives_do_not_list_each_time) {
  Scene scene;
  for (int life = 0; life < 12; ++life) {  // none of them is an hour long, all together are
    BOOST_TEST(scene.listings() == 0);
    PruneDuty duty(scene.rules);
    BOOST_REQUIRE(scene.run(duty).has_value());
    scene.pass(minutes(5));
  }
  {
    PruneDuty duty(scene.rules);
    BOOST_REQUIRE(scene.run(duty).has_value());
    BOOST_TEST(scene.listings() > 0);
  }
  const int listings = scene.listings();
  scene.view.acknowledged = Txid(42);
  scene.pass(minutes(5));
  PruneDuty next(scene.rules);
  BOOST_REQUIRE(scene.run(next).has_value());
  BOOST_TEST(scene.listings() == listings);
  BOOST_TEST((next.due_in(scene.view) == minutes(55)));
  scene.pass(hours(24 * 9));
  PruneDuty later(scene.rules);
  BOOST_REQUIRE(scene.run(later).has_value());
  BOOST_TEST(scene.listings() > listings);
  for (const char* garbage : {"", "x", "{}", "{\"generation\": \"0000000100000009\"}"}) {
    BOOST_REQUIRE(
        replace_file(scene.folder.file("pruned"), as_bytes(std::string_view(garbage))).has_value());
    const int before = scene.listings();
    PruneDuty duty(scene.rules);
    scene.first_seen_by(duty);
    BOOST_TEST(scene.listings() == before, garbage);
    BOOST_REQUIRE(scene.run(duty).has_value());
    BOOST_TEST(scene.listings() > before, garbage);
  }
}

BOOST_AUTO_TEST_CASE(a_failure_is_tried_again_and_what_went_is_told) {
  Scene scene;
  PruneDuty duty(scene.rules);
  scene.first_seen_by(duty);
  scene.store.before = [](Operation operation, const std::string& key) -> Status {
    const bool segment = key.find("/segments/") != std::string::npos;
    if (operation == Operation::kRemove && segment)
      return make_error(Code::kTransient, "the line is down");
    return {};
  };
  BOOST_REQUIRE(!scene.run(duty).has_value());
  BOOST_TEST(duty.removed().size() > 10u);  // snapshots
  BOOST_TEST(duty.due_in(scene.view).count() <= 0);
  scene.store.before = {};
  BOOST_REQUIRE(scene.run(duty).has_value());
  BOOST_TEST(duty.removed().size() > 10u);
}

BOOST_AUTO_TEST_CASE(what_is_refused_is_no_failure) {
  Scene scene;
  PruneDuty duty(scene.rules);
  scene.first_seen_by(duty);
  scene.store.before = [](Operation operation, const std::string& key) -> Status {
    if (operation == Operation::kRemove && key.starts_with("generations/"))
      return make_error(Code::kPermission, "locked");
    return {};
  };
  BOOST_REQUIRE(scene.run(duty).has_value());
  BOOST_TEST(duty.removed().empty());
  BOOST_TEST(duty.due_in(scene.view).count() > 0);
  const int listings = scene.listings();
  scene.pass(hours(24));
  BOOST_REQUIRE(scene.run(duty).has_value());
  BOOST_TEST(scene.listings() > listings);  // it is tried again
}

BOOST_AUTO_TEST_SUITE_END()
