#include "doctor/database.h"

#include <fmt/core.h>

#include "base/file.h"
#include "doctor/log_keepers.h"
#include "sqlite/connection.h"
#include "sqlite/journal_mode.h"
#include "sqlite/log_use.h"
#include "sqlite/ownership.h"

namespace streamd::doctor {
namespace {

constexpr std::uint64_t kLeastFree = 256 * kMiB;

std::string gibibytes(std::uint64_t bytes) {
  return fmt::format("{:.1f} GiB", static_cast<double>(bytes) / static_cast<double>(1024 * kMiB));
}

// False: nothing more can be said of it.
bool check_presence(const DatabaseToCheck& database, const std::string& subject,
                    Findings& findings) {
  const auto there = stat_path(database.path);
  if (!there) {
    findings.problem(subject, there.error());
    return false;
  }
  if (*there && S_ISREG((*there)->st_mode)) return true;
  if (*there)
    findings.problem(subject, make_error(Code::kInvalidConfig, "it is no file",
                                         "name the database file itself in the configuration"));
  else if (database.restore_missing)
    findings.note(subject, "it does not exist", "it is restored when streamd starts");
  else
    findings.problem(
        subject, make_error(Code::kNotFound, "it does not exist",
                            "is the path right? It is followed once an application has made it; to "
                            "bring it back: streamctl restore"));
  return false;
}

Status check_mode(const DatabaseToCheck& database) {
  TRY(sqlite::check_access(database.path));
  sqlite::Connection connection;
  TRY(connection.open(database.path));
  const Status wal = sqlite::require_wal_mode(connection, database.path, false);
  if (!wal && wal.error().code == Code::kNotWal && database.set_wal) return {};
  TRY(wal);
  return sqlite::check_log_files(database.path);
}

void check_log(const DatabaseToCheck& database, const std::string& subject, Findings& findings) {
  const auto use = sqlite::look_at_log(database.path);
  if (!use)
    findings.problem(subject, use.error());
  else if (!*use)
    findings.ok(subject, "in WAL mode, and nobody has it open");
  else
    judge_log(subject, **use, database.log_soft_limit, process_name, findings);
}

// The folder, or the nearest one above it that is there.
std::string existing_folder(std::string folder) {
  while (!stat_path(folder).value_or(std::nullopt) && folder != folder_of(folder))
    folder = folder_of(folder);
  return folder;
}

bool same_disk(const std::string& one, const std::string& other) {
  const auto first = stat_path(one), second = stat_path(other);
  return first && second && *first && *second && (*first)->st_dev == (*second)->st_dev;
}

void check_space(const DatabaseToCheck& database, const std::string& subject, Findings& findings) {
  const std::string beside = folder_of(database.path);
  const std::string state = existing_folder(database.state_folder);
  const bool shared = same_disk(beside, state);
  const auto own = disk_space(beside);
  if (own)
    judge_space(subject, "the disk of the database", own->total, own->available,
                database.log_soft_limit + (shared ? database.spool_limit : 0), findings);
  const auto other = disk_space(state);
  if (other && !shared)
    judge_space(subject, "the disk of the local state", other->total, other->available,
                database.spool_limit, findings);
}

void check_privacy(const DatabaseToCheck& database, const std::string& subject,
                   Findings& findings) {
  const auto folder = stat_path(database.state_folder);
  if (!folder || !*folder || ((*folder)->st_mode & 077) == 0) return;
  findings.warning(subject,
                   "others may enter its local state " + database.state_folder +
                       ", which holds what was not sent yet, unencrypted",
                   "chmod 700 '" + database.state_folder + "'");
}

}  // namespace

void judge_space(const std::string& subject, const std::string& what, std::uint64_t total,
                 std::uint64_t available, std::uint64_t needed, Findings& findings) {
  const std::string left =
      what + " has " + gibibytes(available) + " of " + gibibytes(total) + " left";
  if (available < kLeastFree)
    findings.problem(subject, make_error(Code::kNoSpace, left,
                                         "make room: a full disk stops the application first, and "
                                         "then its backup"));
  else if (available < needed)
    findings.warning(subject, left + ", less than the " + gibibytes(needed) + " that may be used",
                     "make room, or lower wal-soft-limit and spool-max-size");
  else
    findings.ok(subject, left);
}

void check_database(const DatabaseToCheck& database, Findings& findings) {
  const std::string subject = "database " + database.path;
  if (!check_presence(database, subject, findings)) return;
  if (const Status mode = check_mode(database); !mode)
    findings.problem(subject, mode.error());
  else
    check_log(database, subject, findings);
  check_space(database, subject, findings);
  check_privacy(database, subject, findings);
}

}  // namespace streamd::doctor
