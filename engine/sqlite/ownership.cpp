#include "sqlite/ownership.h"

#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/file.h"
#include "base/hash.h"

namespace streamd::sqlite {
namespace {

constexpr const char* kSuffixes[] = {"-wal", "-shm"};

Error waiting(const std::string& path) {
  return make_error(Code::kWaiting, "attach " + path + ": waiting for the application to open it",
                    "run streamd as root or as the database's owner, or give the database a group "
                    "that both are in and that may write it, to be followed without waiting");
}

// By the system's accounts; one that is not known here is taken to be in no group.
bool account_in_group(uid_t user, gid_t group) {
  passwd entry{}, *found = nullptr;
  char text[4096];
  if (getpwuid_r(user, &entry, text, sizeof text, &found) != 0 || found == nullptr) return false;
  gid_t groups[512];
  int count = std::size(groups);
  if (getgrouplist(found->pw_name, found->pw_gid, groups, &count) < 0) return false;
  return std::find(groups, groups + count, group) != groups + count;
}

// The accounts are asked only when it is them that decide: the answer may come from far away.
bool usable(const Access& database, const Access& file) {
  return all_users_can_use(database, false, file) ||
         (all_users_can_use(database, true, file) &&
          account_in_group(database.owner, database.group));
}

Status require_rights(const std::string& path, const std::string& what, const std::string& hint) {
  if (faccessat(AT_FDCWD, path.c_str(), R_OK | W_OK, AT_EACCESS) == 0 || errno == ENOENT) return {};
  return errno_error(errno, "attach " + path + ": the user of streamd (uid " +
                                std::to_string(geteuid()) + ") may not read and write " + what)
      .with_hint(hint);
}

Result<bool> complete(const std::string& path) {
  for (const char* suffix : kSuffixes)
    if (!TRY(stat_path(path + suffix))) return false;
  return true;
}

// Under its name only if nothing has it yet. Not every file system knows both ways.
Status publish(const std::string& temp, const std::string& path) {
  if (renameat2(AT_FDCWD, temp.c_str(), AT_FDCWD, path.c_str(), RENAME_NOREPLACE) == 0) return {};
  if (errno == EEXIST) return {};
  if (link(temp.c_str(), path.c_str()) == 0 || errno == EEXIST) return {};
  return errno_error(errno, "create " + path);
}

// SQLite would create the file as ours and give it away after that; this one is looked at first.
Status create_log_file(const std::string& path, const char* suffix, const Access& database,
                       const std::string& temp) {
  File file = TRY(File::create_new(temp, database.list.mode()));
  const uid_t owner = geteuid() == 0 ? database.owner : static_cast<uid_t>(-1);
  [[maybe_unused]] const int given = fchown(file.fd(), owner, database.group);  // judged below
  if (fchmod(file.fd(), database.list.mode()) != 0) return errno_error(errno, "create " + temp);
  file.close();
  const auto created = TRY(access_of(temp));
  if (!created || !usable(database, *created)) return waiting(path);
  return publish(temp, path + suffix);
}

}  // namespace

Process Process::current() {
  Process process{geteuid(), {getegid()}};
  std::vector<gid_t> others(static_cast<std::size_t>(std::max(0, getgroups(0, nullptr))));
  const int count = getgroups(static_cast<int>(others.size()), others.data());
  if (count > 0)
    process.groups.insert(process.groups.end(), others.begin(), others.begin() + count);
  return process;
}

Access access_when_created(const Access& database, const std::optional<AccessList>& folder_default,
                           std::optional<gid_t> inherited_group, const Process& process) {
  const bool root = process.user == 0;
  const auto& groups = process.groups;
  const bool member = std::find(groups.begin(), groups.end(), database.group) != groups.end();
  Access file;
  file.owner = root ? database.owner : process.user;
  file.group = root || member ? database.group : inherited_group.value_or(groups.front());
  if (folder_default) file.list = *folder_default;
  file.list.change_mode(database.list.mode());
  return file;
}

Status check_access(const std::string& path) {
  const auto database = TRY(stat_path(path));
  if (!database)
    return make_error(Code::kNotFound, "attach " + path + ": there is no such database",
                      "check the path, or restore it: streamctl restore " + path);
  if (!S_ISREG(database->st_mode))
    return make_error(Code::kInvalidConfig, "attach " + path + ": not a regular file");
  TRY(require_rights(path, "the database",
                     "run streamd as root or as the database's owner, or give its user's group "
                     "the right to write the database"));
  for (const char* suffix : kSuffixes)
    TRY(require_rights(path + suffix, "what the application created",
                       "give the folder the database's group and its setgid bit (chgrp, chmod "
                       "g+s), so that new files in it get that group, and to those that are there "
                       "the rights of the database: chmod g+rw " +
                           path + "-wal " + path + "-shm"));
  return {};
}

Status check_log_files(const std::string& path) {
  if (TRY(complete(path))) return {};
  const std::string folder = folder_of(path);
  const auto database = TRY(access_of(path));
  const auto info = TRY(stat_path(folder));
  if (!database || !info) return waiting(path);
  std::optional<gid_t> inherited;
  if ((info->st_mode & S_ISGID) != 0) inherited = info->st_gid;
  const Access file =
      access_when_created(*database, TRY(default_list(folder)), inherited, Process::current());
  const bool writable = faccessat(AT_FDCWD, folder.c_str(), W_OK | X_OK, AT_EACCESS) == 0;
  return writable && usable(*database, file) ? Status{} : waiting(path);
}

Status provide_log_files(const std::string& path) {
  TRY(check_log_files(path));
  const auto database = TRY(access_of(path));
  if (!database) return waiting(path);
  for (const char* suffix : kSuffixes) {
    if (TRY(stat_path(path + suffix))) continue;
    const std::string temp = path + suffix + ".tmp-" + to_hex(random_u64(), 8);
    Status created = create_log_file(path, suffix, *database, temp);
    TRY(remove_file(temp));
    TRY(std::move(created));
  }
  return {};
}

}  // namespace streamd::sqlite
