// Who owns -wal and -shm. A daemon that opens a database before its application does would create
// them as its own, and the application could not open its database any more. So we never are the
// one who creates them unless the database's owner can write what we create.
#pragma once
#include <sys/stat.h>

#include <string>

#include "base/result.h"

namespace streamd::sqlite {

// May files created in `folder` by a process of (euid, egid) be written by the database's owner?
// Pure; root's files get the database's owner and mode from SQLite itself.
bool owner_can_use_what_we_create(const struct stat& database, const struct stat& folder,
                                  uid_t euid, gid_t egid);

// Ok when -wal and -shm exist, or when we may create them. kNotFound without a database, kBusy
// ("waiting for the application") otherwise.
Status check_ownership_before_open(const std::string& path);

}  // namespace streamd::sqlite
