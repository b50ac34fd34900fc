// Everything at once for a while, against a model.
#include <chrono>
#include <map>

#include "bench.h"
#include "pattern.h"

namespace streamd::check {
namespace {

using Clock = std::chrono::steady_clock;

// One thread's keys, which nobody else touches: what is stored is known exactly.
class Worker {
 public:
  Worker(Bench& bench, unsigned number)
      : bench_(bench),
        prefix_(bench.key("w" + std::to_string(number) + "/")),
        random_(number + 1) {}

  void run(Clock::time_point until, const std::atomic<bool>& stop) {
    while (Clock::now() < until && !stop) step();
  }

 private:
  void step() {
    const std::string key = prefix_ + "k" + std::to_string(random_.below(8));
    switch (random_.below(6)) {
      case 0:
      case 1:
        return put(key);
      case 2:
      case 3:
        return get(key);
      case 4:
        return list();
      default:
        expect(bench_.remove({key}), STREAMD_OK, "remove under load");
        model_.erase(key);
    }
  }

  void put(const std::string& key) {
    const std::size_t size = random_.below(3) == 0 ? random_.below(200'000) : random_.below(2000);
    const std::uint64_t seed = random_.next();
    expect(bench_.put_from(key, size, pattern_source(seed, size)), STREAMD_OK, "put under load");
    model_[key] = {seed, size};
  }

  void get(const std::string& key) {
    const auto known = model_.find(key);
    if (known == model_.end()) {
      expect(bench_.get(key), STREAMD_NOT_FOUND, "get of a missing key under load");
      return;
    }
    const auto [seed, size] = known->second;
    const std::size_t offset = random_.below(size + 1);
    const Reply got = bench_.get(key, offset);
    expect(got, STREAMD_OK, "get under load");
    require(got.data == pattern(seed, size - offset, offset), "get under load: the bytes differ");
  }

  void list() {
    const Reply listed = bench_.list(prefix_);
    expect(listed, STREAMD_OK, "list under load");
    if (!bench_.can(STREAMD_CAP_STRONG_LIST)) return;
    require(listed.items.size() == model_.size(), "list under load shows another number of keys");
    for (const auto& [key, object] : listed.items)
      require(model_.count(key) == 1 && model_[key].second == object.size,
              "list under load shows another " + key);
  }

  Bench& bench_;
  std::string prefix_;
  Random random_;
  std::map<std::string, std::pair<std::uint64_t, std::size_t>> model_;
};

Verdict mixed(Bench& bench) {
  const unsigned count = bench.threads(8);
  const auto until = Clock::now() + std::chrono::seconds(bench.target().load_seconds);
  std::vector<std::thread> threads;
  std::vector<std::string> failures(count);
  std::atomic<bool> stop = false;
  for (unsigned i = 0; i < count; ++i)
    threads.emplace_back([&, i] {
      try {
        Worker(bench, i).run(until, stop);
      } catch (const std::exception& failure) {
        failures[i] = failure.what();
        stop = true;
      }
    });
  for (std::thread& thread : threads) thread.join();
  for (const std::string& failure : failures) require(failure.empty(), failure);
  return pass();
}

}  // namespace

std::vector<Check> load_checks() {
  return {{"load.mixed", "all operations from all threads, checked against a model", mixed}};
}

}  // namespace streamd::check
