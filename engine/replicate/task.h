// Something that has to run now and then: on the one thread of a Loop, or on any of a Crew.
#pragma once
#include "base/clock.h"

namespace streamd::replicate {

class Task {
 public:
  virtual ~Task() = default;
  // Never on two threads at a time. `woken`: its log was written to or wake() was called since the
  // last run. Returns when to run next if nothing wakes it before; MonoTime::max() = only then.
  virtual MonoTime run(bool woken) = 0;
};

}  // namespace streamd::replicate
