// Who may read and write a file: owner, group, mode and POSIX access list, as values.
//
// Nobody knows which groups a user is in, so every answer is what holds at least: "may" is proved
// by an entry of the user's own, or because everybody else may.
#pragma once
#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace streamd::sqlite {

// An access list; a mode is one without names. Rights are the three bits of a mode.
struct AccessList {
  struct Name {
    bool group = false;
    id_t id = 0;
    std::uint8_t rights = 0;  // before the mask
    bool operator==(const Name&) const = default;
  };
  std::uint8_t owner = 0, group = 0, other = 0;
  std::optional<std::uint8_t> mask;  // where there is one, a mode shows it in place of the group
  std::vector<Name> names;

  static AccessList of_mode(mode_t mode);
  // The value of system.posix_acl_access or system.posix_acl_default; nullopt when it is none.
  static std::optional<AccessList> parse(ByteView attribute);
  mode_t mode() const;
  void change_mode(mode_t mode);  // as chmod does
  bool operator==(const AccessList&) const = default;
};

struct Access {
  uid_t owner = 0;
  gid_t group = 0;
  AccessList list;
};

// May all who may use the database use the file too, each at least as the database lets them?
// `owner_in_group`: is the database's owner a member of the database's group?
bool all_users_can_use(const Access& database, bool owner_in_group, const Access& file);

// nullopt when there is nothing at the path.
Result<std::optional<Access>> access_of(const std::string& path);
// What files in this folder begin with; nullopt without a default access list.
Result<std::optional<AccessList>> default_list(const std::string& folder);

}  // namespace streamd::sqlite
