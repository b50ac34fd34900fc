// A database's life over simulated weeks, with everything that clocks and stores do wrong: after
// every prune each moment that the rules promise is there, and a restore finds its way to it.
// STREAMD_SIMULATED_DAYS makes the lives longer (the test with the label soak: 35).
#include <cstdlib>
#include <random>

#include "made_up_replica.h"
#include "restore/plan.h"
#include "retention/covered.h"

using namespace streamd;
using namespace streamd::retention;
using catalog::Completeness;
using catalog::Timeline;
using std::chrono::hours;

namespace {

constexpr Micros kStep = 10 * kMinute;

int simulated_days() {
  const char* days = std::getenv("STREAMD_SIMULATED_DAYS");
  return days == nullptr ? 8 : std::atoi(days);
}

// A moment that was restorable once, and when it really happened.
struct Point {
  GenerationId generation;
  Txid txid;
  Micros happened = 0;
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
  Micros last_snapshot = INT64_MIN / 2, seen = 0;
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
  void remember(std::uint64_t first, std::uint64_t last) {
    for (std::uint64_t each = first; each <= last; ++each)
      points.push_back({generation, Txid(each), truth});
  }

  void commit();
  void snapshot();
  void merge();
  void move_clock();
  void begin_generation();
  void prune();
  void check(const std::vector<Point>& promised);
  std::vector<Point> promised(const Timeline& before);
  void live(int days);
};

void Life::commit() {
  const std::uint64_t first = sent + 1;
  txid += 1 + random() % 9;
  if (!chance(20)) seen = local();  // else the same time as the commit before
  const bool gap = chance(2);       // an outage that one delta bridges
  put_segment(first, txid, seen, 0, gap ? Completeness::kDelta : Completeness::kAll);
  sent = txid;
  remember(gap ? txid : first, txid);
}

void Life::snapshot() {
  if (sent == 0) {
    txid = sent = 1;
    seen = local();
    remember(1, 1);
  }
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
  constexpr Micros kJumps[] = {365 * kDay, -20 * 365 * kDay, -3 * kDay, 2 * kHour, kMinute};
  off = kJumps[random() % std::size(kJumps)];
}

void Life::begin_generation() {
  generation = GenerationId((std::uint64_t{generation.epoch()} + 1) << 32 | (random() & 0xffff));
  current_parts.clear();
  snapshot();
}

// By the truth: what happened within the window, and was restorable before this prune.
std::vector<Point> Life::promised(const Timeline& before) {
  const bool guessing = !store_has_a_clock && off > 0;  // nobody can know: see moments_at
  const Micros window = rules.history.count() * 1000;
  const Micros since = truth - (guessing ? window * 3 / 4 : window);
  std::vector<Point> there;
  std::optional<Point> beginning;
  for (const Point& point : points) {
    const auto* of = before.find(point.generation);
    if (of == nullptr || !of->restorable(point.txid)) continue;
    if (point.happened <= since)
      beginning = point;
    else
      there.push_back(point);
  }
  if (beginning) there.push_back(*beginning);
  return there;
}

void Life::check(const std::vector<Point>& promised) {
  const Timeline after = catalog::read_timeline(listing());
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

void Life::prune() {
  ++prunes;
  if (std::abs(local() - store_time()) > kClockSkew) {
    ++refusals;
    return;
  }
  const auto all = listing();
  const auto keep = promised(catalog::read_timeline(all));
  const auto decisions = decide(all, parts, store_time(), rules);
  if (!decisions) BOOST_FAIL(decisions.error().message);
  for (const Decision& decision : decisions->objects)
    if (decision.fate == Fate::kRemove) {
      objects.erase(decision.object.key);
      ++removed;
    }
  check(keep);
  std::erase_if(points, [&](const Point& point) { return point.happened < truth - 60 * kDay; });
}

void Life::live(int days) {
  snapshot();
  for (const Micros end = truth + days * kDay; truth < end; truth += kStep) {
    if (chance(70)) commit();
    if (truth - last_snapshot >= 6 * kHour) snapshot();
    if (chance(40)) merge();
    if (chance(off == 0 ? 1 : 10)) move_clock();
    if (random() % 600 == 0) begin_generation();
    if (truth / kStep % 6 == 0) prune();
  }
}

void live(Rules rules, bool own_clock) {
  for (unsigned seed = 1; seed <= 4; ++seed) {
    BOOST_TEST_CONTEXT("seed " << seed
                               << (own_clock ? "" : ", the store has no clock of its own")) {
      Life life(seed, own_clock);
      life.rules = rules;
      life.live(simulated_days());
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
