// What systemd is told (sd_notify): nothing when it did not start us.
#pragma once
#include <string>

namespace streamd::daemon {

class Supervisor;

bool is_managed();  // somebody listens
void tell_ready();
void tell_stopping();
void tell_status(const std::string& line);

// "3 databases: 2 live, 1 not protected; 1 replica failing"
std::string summary(const Supervisor& supervisor);

}  // namespace streamd::daemon
