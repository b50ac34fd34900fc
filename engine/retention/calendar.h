// Grandfather, father, son: which snapshots stay as those of a day, a week, a month. Pure.
#pragma once
#include <span>
#include <string>
#include <vector>

#include "base/clock.h"
#include "retention/rules.h"

namespace streamd::retention {

// Why each snapshot stays, "the newest of the week of 2026-11-16"; empty when no rule keeps it.
// `times` are those of the snapshots, the newest snapshot first; one in the future of `now` is no
// one's, since its day is not known.
std::vector<std::string> kept_by_calendar(std::span<const Micros> times, const Keep& keep,
                                          Micros now);

}  // namespace streamd::retention
