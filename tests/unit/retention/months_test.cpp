// A database's life over simulated weeks, with everything that clocks and stores do wrong: after
// every prune, also one that was killed, each moment that the rules promise is there, a restore
// finds its way to it, and who asks for a time gets the moment that he had got before.
// STREAMD_SIMULATED_DAYS makes the lives longer (the test with the label soak: 35);
// STREAMD_SIMULATED_SEED is the first of the four that are lived, else 1.
#include <cstdlib>
#include <random>

#include "made_up_replica.h"
#include "restore/moment.h"
#include "restore/plan.h"
#include "retention/covered.h"

using namespace streamd;
using namespace streamd::retention;
using catalog::Completeness;
using catalog::Timeline;
using std::chrono::hours;

namespace {

constexpr Micros kStep = 10 * kMinute;

int from_environment(const char* name, int otherwise) {
  const char* value = std::getenv(name);
  return value == nullptr ? otherwise : std::atoi(value);
}

// A moment that was restorable once, and when it really happened.
struct Point {
  GenerationId generation;
  Txid txid;
  Micros happened = 0, seen = 0;  // by the truth, and as this machine's clock had it
  bool snapshot = false;
};

struct Life {
  Life(unsigned seed, bool own_clock) : random(seed), store_has_a_clock(own_clock) {}

  std::mt19937 random;
  const bool store_has_a_clock;  // of its own; else objects get this machine's time
  Rules rules;
  Micros truth = kNoon, off = 0;  // of this machine's clock
  std::map<std::string, catalog::Listed> objects;
  PartNames parts;
  std::vector<Point> points;
  GenerationId generation = kFirst;
  std::uint64_t txid = 0, sent = 0;
  std::uint64_t held = 0;  // from here on transactions still wait to be sent; 0 = none
  Micros last_snapshot = INT64_MIN / 2;
  Micros seen = 0, happened = 0;  // of `sent`: by the clock, and by the truth
  std::vector<std::string> current_parts;
  int prunes = 0, removed = 0, refusals = 0;

  bool chance(int percent) { return static_cast<int>(random() % 100) < percent; }
  Micros local() const { return truth + off; }
  Micros store_time() const { return store_has_a_clock ? truth : local(); }
  void put(const std::string& key) { objects[key] = {key, 100, store_time() * 1000}; }
  std::vector<catalog::Listed> listing() const {
    std::vector<catalog::Listed> all;
    for (const auto& [key, object] : objects) all.push_back(object);
    return all;
  }
  void put_segment(std::uint64_t first, std::uint64_t last, Micros time, int level,
                   Completeness kind) {
    put(to_text(catalog::SegmentKey{
        generation, static_cast<std::uint8_t>(level), Txid(first), Txid(last), time, {}, kind}));
  }
  void remember(std::uint64_t first, std::uint64_t last, bool as_snapshot = false) {
    for (std::uint64_t each = first; each <= last; ++each)
      points.push_back({generation, Txid(each), happened, seen, as_snapshot});
  }

  void commit();
  void snapshot();
  void merge();
  void move_clock();
  void begin_generation();
  void prune();
  void remove(const Decisions& decisions);
  bool guessing() const { return !store_has_a_clock && off > 0; }  // nobody can know: moments_at
  Micros beginning(milliseconds window) const;
  void add_promised(const Timeline& before, Micros since, bool snapshots, std::vector<Point>& to);
  void check(const Timeline& after, const std::vector<Point>& promised);
  Micros when(const restore::Moment& moment) const;
  restore::SeenTables tables(const Timeline& timeline, const restore::Target& target) const;
  void check_times(const Timeline& before, const Timeline& after);
  void live(int days);
};

void Life::commit() {
  const std::uint64_t first = sent + 1;
  txid += 1 + random() % 9;
  if (!chance(20)) seen = local();  // else the same time as the commit before
  const bool gap = chance(2);       // an outage that one delta bridges
  if (held == 0) held = first;
  if (gap || !chance(10)) {  // else sent with the next one, past a snapshot that comes between
    put_segment(held, txid, seen, 0, gap ? Completeness::kDelta : Completeness::kAll);
    held = 0;
  }
  sent = txid;
  happened = truth;
  remember(gap ? txid : first, txid);
}

void Life::snapshot() {
  current_parts.resize(4);
  for (std::size_t i = 0; i < current_parts.size(); ++i)
    if (current_parts[i].empty() || chance(50)) {
      catalog::PartHash hash{};
      hash[0] = static_cast<std::uint8_t>(random());
      current_parts[i] = to_text(catalog::PartKey{
          generation, PageNo(static_cast<std::uint32_t>(i) * 100 + 1), Txid(sent), hash});
      put(current_parts[i]);
    }
  const std::string key = to_text(catalog::SnapshotKey{generation, Txid(sent), seen});
  put(key);
  parts[key] = {current_parts.begin(), current_parts.end()};
  remember(sent, sent, true);
  last_snapshot = truth;
}

// Six neighbours of one level become one of the next; the covered ones go, or are left over.
void Life::merge() {
  const Timeline timeline = catalog::read_timeline(listing());
  const auto* now = timeline.find(generation);
  if (now == nullptr) return;
  for (const auto& [level, segments] : now->segments) {
    if (level >= 4 || segments.size() < 6) continue;
    const auto* run = &segments[segments.size() - 6];
    bool fits = true;
    for (int i = 0; i < 6; ++i)
      fits = fits && run[i].key.completeness == Completeness::kAll &&
             covering(*now, run[i].key) == nullptr &&
             (i == 0 || run[i].key.first == run[i - 1].key.last.next());
    const auto* snapshot = now->snapshot_at_or_before(run[5].key.last.prior());
    if (!fits || (snapshot != nullptr && snapshot->key.txid >= run[0].key.first)) continue;
    put_segment(run[0].key.first.value, run[5].key.last.value, run[5].key.time, level + 1,
                Completeness::kAll);
    if (chance(50))
      for (int i = 0; i < 6; ++i) objects.erase(to_text(run[i].key));
    return;
  }
}

void Life::move_clock() {
  if (off != 0) {
    off = 0;
    return;
  }
  constexpr Micros kJumps[] = {365 * kDay, -20 * 365 * kDay, -3 * kDay, 2 * kHour, 4 * kMinute};
  off = kJumps[random() % std::size(kJumps)];
}

// Its first snapshot is a transaction of its own, as the daemon makes it.
void Life::begin_generation() {
  if (txid > 0)
    generation = GenerationId((std::uint64_t{generation.epoch()} + 1) << 32 | (random() & 0xffff));
  sent = ++txid;
  seen = local();
  happened = truth;
  held = 0;
  current_parts.clear();
  snapshot();
}

Micros Life::beginning(milliseconds window) const {
  const Micros micros = window.count() * 1000;
  return truth - (guessing() ? micros * 3 / 4 : micros);
}

// By the truth: what happened since, was restorable before this prune, and the one before.
void Life::add_promised(const Timeline& before, Micros since, bool snapshots,
                        std::vector<Point>& to) {
  std::optional<Point> first;
  for (const Point& point : points) {
    if (snapshots && !point.snapshot) continue;
    const auto* of = before.find(point.generation);
    if (of == nullptr || !of->restorable(point.txid)) continue;
    if (point.happened <= since)
      first = point;
    else
      to.push_back(point);
  }
  if (first) to.push_back(*first);
}

void Life::check(const Timeline& after, const std::vector<Point>& promised) {
  for (const auto& each : after.generations)
    for (const auto& snapshot : each.snapshots)
      for (const std::string& part : parts.at(to_text(snapshot.key)))
        BOOST_REQUIRE_MESSAGE(objects.contains(part), "a part is gone: " << part);
  for (std::size_t i = 0; i < promised.size(); ++i) {
    const Point& point = promised[i];
    const auto* of = after.find(point.generation);
    BOOST_REQUIRE_MESSAGE(of != nullptr && of->restorable(point.txid),
                          "lost: transaction "
                              << point.txid.value << " of " << to_text(point.generation) << " at "
                              << format_time(point.happened) << ", now " << format_time(truth)
                              << ", clock off by " << off / kHour << " h");
    if (i % 101 == 0 || i + 1 == promised.size())
      BOOST_REQUIRE(restore::make_plan(after, {point.generation, point.txid}).has_value());
  }
}

Micros Life::when(const restore::Moment& moment) const {
  for (const Point& point : points)
    if (point.generation == moment.generation && point.txid == moment.txid) return point.happened;
  BOOST_FAIL("transaction " << moment.txid.value << " never happened");
  return 0;
}

// What the objects tell that decide about a time: a merged one has the times of all that it holds.
restore::SeenTables Life::tables(const Timeline& timeline, const restore::Target& target) const {
  restore::SeenTables tables;
  for (const restore::Boundary& boundary : restore::boundaries(timeline, target)) {
    const catalog::Key key = catalog::parse_key(boundary.key);
    Txid first, last;
    if (const auto* snapshot = std::get_if<catalog::SnapshotKey>(&key))
      first = last = snapshot->txid;
    else if (const auto* segment = std::get_if<catalog::SegmentKey>(&key))
      std::tie(first, last) = std::tuple(segment->first, segment->last);
    for (const Point& point : points)
      if (point.generation == boundary.generation && point.txid >= first && point.txid <= last)
        tables[boundary.key].push_back({point.txid, point.seen, point.seen});
  }
  return tables;
}

// As a person asks, by the times in objects. Where a clock that was set back makes a later moment
// the answer, a merge may hide that (see restore::boundaries), and nobody is promised it.
void Life::check_times(const Timeline& before, const Timeline& after) {
  const Micros since = beginning(rules.history);
  for (int i = 0; i < 4; ++i) {
    const Micros time = i == 0 ? since : since + static_cast<Micros>(random()) % (truth - since);
    const restore::Target target{restore::ByTime{time}};
    const auto had = restore::resolve(before, target, tables(before, target));
    if (!had || when(*had) > time) continue;
    const auto has = restore::resolve(after, target, tables(after, target));
    if (!has) BOOST_FAIL(has.error().message << ", now " << format_time(truth));
    BOOST_REQUIRE_MESSAGE(has->generation == had->generation && has->txid == had->txid,
                          "at " << format_time(time) << " it was transaction " << had->txid.value
                                << " of " << to_text(had->generation) << ", it is "
                                << has->txid.value << " of " << to_text(has->generation) << " now, "
                                << format_time(truth));
  }
}

// In the order of prune.cpp; some are killed on the way.
void Life::remove(const Decisions& decisions) {
  std::vector<std::string> keys;
  const auto add = [&](auto of_kind) {
    for (const Decision& decision : decisions.objects)
      if (decision.fate == Fate::kRemove &&
          std::holds_alternative<decltype(of_kind)>(catalog::parse_key(decision.object.key)))
        keys.push_back(decision.object.key);
  };
  add(catalog::SnapshotKey{});
  add(catalog::SegmentKey{});
  add(catalog::PartKey{});
  BOOST_REQUIRE(keys.size() == decisions.count(Fate::kRemove));
  if (chance(10) && !keys.empty()) keys.resize(random() % keys.size());
  for (const std::string& key : keys) objects.erase(key);
  removed += static_cast<int>(keys.size());
}

void Life::prune() {
  ++prunes;
  if (std::abs(local() - store_time()) > kClockSkew) {
    ++refusals;
    return;
  }
  const auto all = listing();
  const Timeline before = catalog::read_timeline(all);
  std::vector<Point> promised;
  add_promised(before, beginning(rules.history), false, promised);
  if (rules.history < rules.retention)
    add_promised(before, beginning(rules.retention), true, promised);
  const auto decisions = decide(all, parts, store_time(), rules);
  if (!decisions) BOOST_FAIL(decisions.error().message);
  remove(*decisions);
  const Timeline after = catalog::read_timeline(listing());
  check(after, promised);
  check_times(before, after);
  std::erase_if(points, [&](const Point& point) { return point.happened < truth - 60 * kDay; });
}

void Life::live(int days) {
  begin_generation();
  const Micros end = truth + days * kDay;
  for (; truth < end; truth += kStep / 2 + static_cast<Micros>(random()) % kStep) {
    if (chance(70)) commit();
    if (truth - last_snapshot >= 6 * kHour) snapshot();
    if (chance(40)) merge();
    if (chance(off == 0 ? 1 : 10)) move_clock();
    if (random() % 600 == 0) begin_generation();
    if (random() % 600 == 0) truth += static_cast<Micros>(random() % 200) * kStep;  // it was off
    if (truth / kStep % 6 == 0) prune();
  }
}

void live(Rules rules, bool own_clock) {
  const auto first = static_cast<unsigned>(from_environment("STREAMD_SIMULATED_SEED", 1));
  for (unsigned seed = first; seed < first + 4; ++seed) {
    BOOST_TEST_CONTEXT("seed " << seed
                               << (own_clock ? "" : ", the store has no clock of its own")) {
      Life life(seed, own_clock);
      life.rules = rules;
      if (seed % 2 == 0) life.rules.grace = milliseconds(0);  // it would hide small faults
      life.live(from_environment("STREAMD_SIMULATED_DAYS", 8));
      BOOST_TEST(life.removed > 0);
      BOOST_TEST(life.refusals < life.prunes);
      BOOST_TEST_MESSAGE("prunes " << life.prunes << ", removed " << life.removed << ", left "
                                   << life.objects.size());
    }
  }
}

Rules of_days(int retention, int history) {
  Rules rules;
  rules.retention = hours(24 * retention);
  rules.history = hours(24 * history);
  return rules;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(months)

BOOST_AUTO_TEST_CASE(a_window_of_two_days) {
  live(of_days(2, 2), true);
}

BOOST_AUTO_TEST_CASE(a_store_without_a_clock_of_its_own) {
  live(of_days(2, 2), false);
}

BOOST_AUTO_TEST_CASE(a_short_history_and_grandfathers) {
  Rules rules = of_days(4, 1);
  rules.keep = {.daily = 5, .weekly = 3, .snapshots = 3};
  live(rules, true);
  live(rules, false);
}

BOOST_AUTO_TEST_SUITE_END()
