// The driver B2 as the target sees it: the drivers' headers have the same names, so each is
// known to one file.
#pragma once
#include <memory>
#include <streamd/driver.hpp>
#include <string>

#include "base/bytes.h"

namespace streamd::fuzz {

// The bodies of replies, as the driver reads them.
void b2_bodies(ByteView bytes);
// Whatever the options and replies name, all goes to the endpoint as a proxy.
std::unique_ptr<sdk::Driver> open_b2(const std::string& endpoint);

}  // namespace streamd::fuzz
