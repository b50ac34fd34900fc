#include "story.h"

#include <sqlite3.h>

#include <ctime>
#include <iterator>
#include <memory>
#include <optional>
#include <vector>

#include "base/file.h"
#include "scheduler.h"
#include "site.h"

namespace simulation {
namespace {

constexpr Nanos kMilli = 1'000'000, kSecond = 1'000 * kMilli;

class Story {
 public:
  Story(const std::string& folder, std::uint64_t seed) : folder_(folder), random_(seed) {
    const int databases = random_.one_in(2) ? 1 : 2;
    for (int i = 0; i < databases; ++i)
      sites_.push_back(std::make_unique<Site>(folder, "d" + std::to_string(i),
                                              random_.one_in(3) ? 2 : 1, random_.bits()));
    clocks_lie_ = random_.one_in(3);
    streamd::set_file_fault([this](streamd::FileOp, const std::string& path) {
      yield_now_and_then();
      for (const auto& site : sites_)
        if (site->fails(path)) return EIO;
      return 0;
    });
  }
  ~Story() { streamd::set_file_fault({}); }

  Outcome run(double seconds) {
    for (const auto& site : sites_) site->start();
    while (elapsed() < static_cast<Nanos>(seconds * 1e9)) {
      step(*sites_[random_.below(sites_.size())]);
      pause();
    }
    for (const auto& site : sites_) site->conclude();
    if (random_.one_in(2)) take_over(*sites_[random_.below(sites_.size())]);
    for (const auto& site : sites_) add_up(*site);
    return outcome_;
  }

 private:
  // One commit a second on the whole, but in bursts and after rests.
  void pause() {
    if (random_.one_in(150)) rhythm_ = random_.below(4);
    static constexpr std::uint32_t kLongest[] = {100, 600, 1500, 2500};  // milliseconds
    const auto per_site = static_cast<Nanos>(sites_.size());
    sleep_until(elapsed() + random_.between(1, kLongest[rhythm_]) * kMilli / per_site);
    if (elapsed() < look_at_) return;
    for (const auto& site : sites_) site->look();
    look_at_ = elapsed() + 20 * kSecond;
  }

  void step(Site& site) {
    Application& application = site.application;
    if (!application.is_open()) {
      if (random_.one_in(3)) application.open();
      return rest(site);
    }
    const std::uint32_t what = random_.below(1000);
    if (what < 900) return application.write();
    if (what < 915) return application.checkpoint();
    if (what < 925) return application.begin_read();
    if (what < 940) return application.end_read();
    if (what < 944) return application.vacuum();
    if (what < 950) return application.close();
    rest(site);
  }

  // Whatever does not need the application.
  void rest(Site& site) {
    const std::uint32_t what = random_.below(110);
    if (what < 15) return site.sync();
    if (what < 20) return site.snapshot();
    if (what < 23) return site.look_after();
    if (what < 45) return change_weather(site);
    if (what < 50) return check(site);
    if (what < 58) return daemon(site);
    if (what < 60) return jump_clock();
    if (what < 62 && !site.is_followed() && !site.application.is_open()) {
      if (random_.one_in(2))
        site.application.remember_file();
      else
        site.application.bring_back_file();
    }
  }

  void daemon(Site& site) {
    if (!site.is_followed()) return site.start();
    if (random_.one_in(2))
      site.kill();
    else
      site.stop();
    real_pause();
  }

  // Files tell by their times whether somebody has written to them, and those come from a clock
  // that is not ours and ticks every few milliseconds.
  static void real_pause() {
    timespec real{};
    const auto now = [&] {
      clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &real);
      return real.tv_sec * kSecond + real.tv_nsec;
    };
    for (const Nanos end = now() + 12 * kMilli; now() < end;) {
    }
  }

  void check(Site& site) {
    const Replica& replica = site.replicas[random_.below(site.replicas.size())];
    if (random_.one_in(3))
      site.checker.walk(replica.name, *replica.bucket);
    else
      site.checker.restore_some(replica.name, replica.bucket, 3);
  }

  void change_weather(Site& site) {
    Weather weather;
    switch (random_.below(9)) {
      case 0:
        weather.transient = random_.between(1, 30);
        break;
      case 1:
        weather.lost_answer = random_.between(1, 30);
        break;
      case 2:
        weather.cut_list = random_.between(10, 60);
        weather.transient = 3;
        break;
      case 3:
        weather.shortest = milliseconds(200);
        weather.longest = milliseconds(random_.between(300, 9000));
        break;
      case 4:
        weather.refuses = true;
        break;
      case 5:
        weather.down = true;
        break;
      default:
        break;
    }
    site.replicas[random_.below(site.replicas.size())].bucket->weather = weather;
  }

  void jump_clock() {
    if (!clocks_lie_) return;
    static constexpr std::uint32_t kFarthest[] = {2, 120, 4000, 90'000};  // seconds
    const Nanos by = random_.between(1, kFarthest[random_.below(4)]) * kSecond;
    jump(random_.one_in(2) ? by : -by);
    ++outcome_.jumps;
    for (const auto& site : sites_) site->checker.clock_jumped();
  }

  // Another machine restores the database and goes on with it, while the first one does not know.
  // From a moment after its claim on it alone writes there.
  void take_over(Site& first) {
    Replica& shared = first.replicas.front();
    first.start();
    first.application.open();
    sleep_until(elapsed() + 10 * kSecond);
    streamd::restore::RestoreOptions options;
    options.out = folder_ + "/second.db";
    BucketStore store(shared.bucket, false);
    const streamd::restore::Replica source{&store, shared.name};
    const auto restored = streamd::restore::restore({&source, 1}, options);
    if (!restored) fail("the other machine cannot restore: " + restored.error().message);
    Site second(folder_, "second", shared, random_.bits());
    const auto claims = [&] {
      const auto& objects = shared.bucket->objects;
      return std::distance(objects.lower_bound("writers/"), objects.lower_bound("writers0"));
    };
    const auto before = claims();
    second.start(true);
    std::optional<Nanos> claimed, quiet_from;
    std::uint64_t put = 0;
    while (!quiet_from || elapsed() < *quiet_from + 10 * kSecond) {
      first.application.write();
      second.application.write();
      sleep_until(elapsed() + random_.between(50, 400) * kMilli);
      if (!claimed && claims() > before) claimed = elapsed();
      if (!claimed || elapsed() < *claimed + 5 * kSecond) continue;
      if (!quiet_from) {
        quiet_from = elapsed();
        put = shared.store->objects_put;
      } else if (shared.store->objects_put != put) {
        fail("the first machine goes on writing after the second has claimed the replica");
      }
    }
    second.sync();
    const Replica& theirs = second.replicas.front();
    second.checker.holds_commit(theirs.name, theirs.bucket,
                                second.application.commits().size() - 1);
    ++outcome_.takeovers;
    second.stop();
    first.stop();
    first.application.close();
  }

  void add_up(const Site& site) {
    outcome_.commits += site.application.commits().size();
    outcome_.restores += site.checker.counts().restores;
    outcome_.by_time += site.checker.counts().by_time;
    outcome_.walked += site.checker.counts().transactions_walked;
    outcome_.kills += site.lives().killed;
    outcome_.stops += site.lives().stopped;
    for (const Replica& replica : site.replicas) {
      outcome_.failures += replica.bucket->failures;
      outcome_.objects += replica.bucket->objects.size();
    }
  }

  const std::string folder_;
  Random random_;
  bool clocks_lie_ = false;
  std::uint32_t rhythm_ = 1;
  Nanos look_at_ = 0;
  Outcome outcome_;
  std::vector<std::unique_ptr<Site>> sites_;
};

int random_for_sqlite(sqlite3_vfs*, int size, char* out) {
  fill_randomly(out, static_cast<std::size_t>(size));
  return size;
}

}  // namespace

Outcome run_story(const std::string& folder, std::uint64_t seed, double seconds) {
  sqlite3_vfs_find(nullptr)->xRandomness = random_for_sqlite;
  Story story(folder, seed);
  return story.run(seconds);
}

}  // namespace simulation
