// What systemd is told (sd_notify): nothing when it did not start us.
#pragma once
#include <string>

#include "base/clock.h"

namespace streamd::daemon {

class Supervisor;

bool is_managed();      // somebody listens
void tell_ready();      // at the start, and after a reload
void tell_reloading();  // tell_ready() follows
// `longest`: how long the end may take; systemd waits for so long, whatever the unit says.
void tell_stopping(milliseconds longest);
void tell_status(const std::string& line);

// "3 databases: 2 live, 1 not protected; 1 replica failing"
std::string summary(const Supervisor& supervisor);

}  // namespace streamd::daemon
