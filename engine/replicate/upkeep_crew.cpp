#include "replicate/upkeep_crew.h"

#include <algorithm>

#include "replicate/upkeep.h"

namespace streamd::replicate {
namespace {

constexpr std::size_t kMostAtOnce = 2;

}  // namespace

UpkeepCrew& UpkeepCrew::of_process() {
  static UpkeepCrew crew(kMostAtOnce);
  return crew;
}

UpkeepCrew::~UpkeepCrew() {
  for (Place& place : places_)
    if (place.thread.joinable()) place.thread.join();
}

void UpkeepCrew::enter(Upkeep& upkeep) {
  const std::lock_guard lock(mutex_);
  waiting_.push_back(&upkeep);
  const auto free =
      std::find_if(places_.begin(), places_.end(), [](const Place& place) { return !place.busy; });
  if (free == places_.end()) return;
  if (free->thread.joinable()) free->thread.join();  // it has nothing more to do
  free->busy = true;
  free->thread = std::thread([this, &place = *free] { work(place); });
}

bool UpkeepCrew::leave(Upkeep& upkeep) {
  const std::lock_guard lock(mutex_);
  return std::erase(waiting_, &upkeep) != 0;
}

void UpkeepCrew::work(Place& place) {
  std::unique_lock lock(mutex_);
  while (!waiting_.empty()) {
    Upkeep* upkeep = waiting_.front();
    waiting_.pop_front();
    lock.unlock();
    upkeep->run();
    lock.lock();
  }
  place.busy = false;  // the last it does with the lock
}

}  // namespace streamd::replicate
