#include "sqlite/access.h"

#include <linux/posix_acl.h>
#include <linux/posix_acl_xattr.h>
#include <sys/xattr.h>

#include <algorithm>
#include <cerrno>

#include "base/file.h"

namespace streamd::sqlite {
namespace {

constexpr std::uint8_t kReadWrite = 6;
constexpr std::size_t kHeader = sizeof(posix_acl_xattr_header);
constexpr std::size_t kEntry = sizeof(posix_acl_xattr_entry);

bool covers(unsigned rights, unsigned need) {
  return (rights & need) == need;
}

std::uint8_t rights_of(const AccessList& list, const AccessList::Name& name) {
  return name.rights & list.mask.value_or(7);
}
std::uint8_t group_rights(const AccessList& list) {
  return list.group & list.mask.value_or(7);
}

const AccessList::Name* find(const AccessList& list, bool group, id_t id) {
  const auto found = std::find_if(list.names.begin(), list.names.end(), [&](const auto& name) {
    return name.group == group && name.id == id;
  });
  return found == list.names.end() ? nullptr : &*found;
}

bool speaks_of_group(const Access& access, gid_t group) {
  return access.group == group || find(access.list, true, group) != nullptr;
}

// What anybody has whose groups are not known: he may be in one that has less than all others.
// Groups that `known` speaks of are left out: who is in them is asked for by itself.
std::uint8_t least_rights(const Access& file, const Access* known) {
  std::uint8_t least = file.list.other;
  if (known == nullptr || !speaks_of_group(*known, file.group)) least &= group_rights(file.list);
  for (const AccessList::Name& name : file.list.names)
    if (name.group && (known == nullptr || !speaks_of_group(*known, name.id)))
      least &= rights_of(file.list, name);
  return least;
}

// One entry must have all the rights: the kernel does not add them up.
bool group_can(const Access& database, const Access& file, gid_t group, unsigned need) {
  if (file.group == group && covers(group_rights(file.list), need)) return true;
  if (const auto* name = find(file.list, true, group);
      name && covers(rights_of(file.list, *name), need))
    return true;
  return !speaks_of_group(file, group) && covers(least_rights(file, &database), need);
}

// By his own entry, or whatever groups he is in.
bool user_can(const Access& file, uid_t user, unsigned need) {
  if (user == 0) return true;
  if (user == file.owner) return covers(file.list.owner, need);
  if (const auto* name = find(file.list, false, user))
    return covers(rights_of(file.list, *name), need);
  return covers(least_rights(file, nullptr), need);
}

bool has_own_entry(const Access& file, uid_t user) {
  return user == file.owner || find(file.list, false, user) != nullptr;
}

Result<std::optional<AccessList>> read_list(const std::string& path, const char* attribute) {
  std::uint8_t value[4096];
  const ssize_t size = getxattr(path.c_str(), attribute, value, sizeof value);
  if (size >= 0) return AccessList::parse(ByteView(value, static_cast<std::size_t>(size)));
  if (errno == ENODATA || errno == ENOTSUP || errno == ENOENT) return std::optional<AccessList>{};
  return errno_error(errno, "read the access list of " + path);
}

}  // namespace

AccessList AccessList::of_mode(mode_t mode) {
  AccessList list;
  list.change_mode(mode);
  return list;
}

std::optional<AccessList> AccessList::parse(ByteView attribute) {
  if (attribute.size() < kHeader || (attribute.size() - kHeader) % kEntry != 0) return {};
  if (load_le<std::uint32_t>(attribute.data()) != POSIX_ACL_XATTR_VERSION) return {};
  AccessList list;
  for (std::size_t at = kHeader; at < attribute.size(); at += kEntry) {
    const auto tag = load_le<std::uint16_t>(attribute.data() + at);
    const auto rights =
        static_cast<std::uint8_t>(load_le<std::uint16_t>(attribute.data() + at + 2) & 7);
    const id_t id = load_le<std::uint32_t>(attribute.data() + at + 4);
    if (tag == ACL_USER_OBJ) list.owner = rights;
    if (tag == ACL_GROUP_OBJ) list.group = rights;
    if (tag == ACL_OTHER) list.other = rights;
    if (tag == ACL_MASK) list.mask = rights;
    if (tag == ACL_USER || tag == ACL_GROUP) list.names.push_back({tag == ACL_GROUP, id, rights});
  }
  return list;
}

mode_t AccessList::mode() const {
  return static_cast<mode_t>(owner << 6 | mask.value_or(group) << 3 | other);
}

void AccessList::change_mode(mode_t mode) {
  const auto bits = [mode](int shift) { return static_cast<std::uint8_t>(mode >> shift & 7); };
  owner = bits(6);
  (mask ? *mask : group) = bits(3);
  other = bits(0);
}

bool all_users_can_use(const Access& database, bool owner_in_group, const Access& file) {
  const AccessList& list = database.list;
  const unsigned owner_needs = list.owner & kReadWrite;
  const bool by_group = owner_in_group && !has_own_entry(file, database.owner) &&
                        group_can(database, file, database.group, owner_needs);
  if (!by_group && !user_can(file, database.owner, owner_needs)) return false;
  if (!group_can(database, file, database.group, group_rights(list) & kReadWrite)) return false;
  for (const AccessList::Name& name : list.names) {
    const unsigned need = rights_of(list, name) & kReadWrite;
    if (name.group ? !group_can(database, file, name.id, need) : !user_can(file, name.id, need))
      return false;
  }
  const unsigned stranger_needs = (group_rights(list) | list.other) & kReadWrite;
  for (const AccessList::Name& name : file.list.names) {
    const bool stranger = !name.group && name.id != database.owner && !find(list, false, name.id);
    if (stranger && !user_can(file, name.id, stranger_needs)) return false;
  }
  return covers(least_rights(file, &database), list.other & kReadWrite);
}

Result<std::optional<Access>> access_of(const std::string& path) {
  const auto info = TRY(stat_path(path));
  if (!info) return std::optional<Access>{};
  const auto list = TRY(read_list(path, "system.posix_acl_access"));
  return std::optional(
      Access{info->st_uid, info->st_gid, list.value_or(AccessList::of_mode(info->st_mode))});
}

Result<std::optional<AccessList>> default_list(const std::string& folder) {
  return read_list(folder, "system.posix_acl_default");
}

}  // namespace streamd::sqlite
