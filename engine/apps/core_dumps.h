// What is in memory stays there: pages of databases, keys of stores, identities.
#pragma once

namespace streamd::apps {

// No core dump of this process, nor of its children. Only the soft limit, so that who may can still
// have one: prlimit --core=unlimited --pid PID.
void forbid_core_dumps();

}  // namespace streamd::apps
