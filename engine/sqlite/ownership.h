// Who owns -wal and -shm. A daemon that opens a database before its application does would create
// them as its own, and the application could not open its database any more ("unable to open
// database file", even after the daemon has gone). So they are created by us only when all who may
// use the database can use what we create, and then they are so from their first moment on;
// otherwise we wait until the application has opened its database.
#pragma once
#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "sqlite/access.h"

namespace streamd::sqlite {

struct Process {
  uid_t user = 0;
  std::vector<gid_t> groups;  // the effective one first

  static Process current();
};

// What a file gets that `process` creates beside the database, with the database's mode and, as far
// as the kernel lets it, its owner and group. `inherited_group`: the folder's, when it is setgid.
Access access_when_created(const Access& database, const std::optional<AccessList>& folder_default,
                           std::optional<gid_t> inherited_group, const Process& process);

// By stat alone, without opening anything: kNotFound without a database, kPermission when we may
// not write it or the log that is there.
Status check_access(const std::string& path);
// Ok when -wal and -shm exist, or when we may create them; else kWaiting.
Status check_log_files(const std::string& path);
// Creates what is missing of them, empty. Call it with the database locked (Connection::hold), so
// that no last close removes what was there; else SQLite might create one after all.
Status provide_log_files(const std::string& path);

}  // namespace streamd::sqlite
