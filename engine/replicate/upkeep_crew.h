// The threads that do the upkeep of all replicas of this process: at most so many, in the order in
// which they were asked, so that a thousand databases cause no stampede. They exist only while
// there is work.
#pragma once
#include <deque>
#include <mutex>
#include <thread>
#include <vector>

namespace streamd::replicate {

class Upkeep;

// Any thread.
class UpkeepCrew {
 public:
  explicit UpkeepCrew(std::size_t most) : places_(most) {}
  ~UpkeepCrew();  // nobody waits any more
  static UpkeepCrew& of_process();

  // Its run() is called, once, when its turn has come.
  void enter(Upkeep& upkeep);
  // True: it was still waiting, and is not called.
  bool leave(Upkeep& upkeep);

 private:
  struct Place {
    std::thread thread;
    bool busy = false;
  };
  void work(Place& place);

  std::mutex mutex_;
  std::vector<Place> places_;
  std::deque<Upkeep*> waiting_;
};

}  // namespace streamd::replicate
