// The replica is right: what it holds newest takes the place of a database.
#pragma once
#include "apps/setup.h"
#include "restore/restore.h"

namespace streamd::apps {

// The database and its local state are moved away first, nothing is lost. kBusy while a streamd
// follows it.
Result<restore::RestoreReport> restore_over(Setup& setup, const config::Database& database,
                                            const Cancel& cancel);

}  // namespace streamd::apps
