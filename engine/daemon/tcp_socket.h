// Listening on a network address.
#pragma once
#include "config/http_address.h"
#include "daemon/unix_socket.h"

namespace streamd::daemon {

// Bound and listening; `address.port` becomes the one in use when it was 0. kBusy when somebody
// else has the port, kPermission, kIo.
Result<Descriptor> listen_at(config::HttpAddress& address);

}  // namespace streamd::daemon
