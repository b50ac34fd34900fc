#include "sqlite/access.h"

#include <sys/stat.h>
#include <sys/xattr.h>

#include <boost/test/unit_test.hpp>
#include <fstream>

#include "temp_folder.h"

using namespace streamd;
using sqlite::Access;
using sqlite::AccessList;
using sqlite::all_users_can_use;

namespace {

constexpr uid_t kOwner = 1000, kDaemon = 2000, kBob = 3000;
constexpr gid_t kGroup = 1000, kDaemons = 2000, kFriends = 4000;

Access access(uid_t owner, gid_t group, mode_t mode) {
  return {owner, group, AccessList::of_mode(mode)};
}
Access with(Access access, const std::vector<AccessList::Name>& names, std::uint8_t mask) {
  access.list.names = names;
  access.list.mask = mask;
  return access;
}
AccessList::Name user(uid_t id, std::uint8_t rights) {
  return {false, id, rights};
}
AccessList::Name group(gid_t id, std::uint8_t rights) {
  return {true, id, rights};
}

// Of an owner who is surely in the database's group, and of one who may not be.
bool usable(const Access& database, const Access& file) {
  return all_users_can_use(database, true, file);
}
bool usable_by_outsider(const Access& database, const Access& file) {
  return all_users_can_use(database, false, file);
}

// The value of system.posix_acl_*: a version, then tag, rights and id of each entry.
Bytes attribute(std::initializer_list<std::array<std::uint32_t, 3>> entries) {
  Bytes bytes;
  append_le<std::uint32_t>(bytes, 2);
  for (const auto& [tag, rights, id] : entries) {
    append_le(bytes, static_cast<std::uint16_t>(tag));
    append_le(bytes, static_cast<std::uint16_t>(rights));
    append_le(bytes, id);
  }
  return bytes;
}
constexpr std::uint32_t kNobody = UINT32_MAX;
const Bytes kList = attribute({{1, 7, kNobody},
                               {2, 6, kBob},
                               {4, 5, kNobody},
                               {8, 4, kFriends},
                               {16, 6, kNobody},
                               {32, 1, kNobody}});

}  // namespace

BOOST_AUTO_TEST_SUITE(access_lists)

BOOST_AUTO_TEST_CASE(the_same_owner_group_and_mode_will_do) {
  for (const mode_t mode : {0600, 0640, 0644, 0660, 0664, 0666, 0604, 0400, 0700})
    BOOST_TEST(usable_by_outsider(access(kOwner, kGroup, mode), access(kOwner, kGroup, mode)),
               mode);
}

BOOST_AUTO_TEST_CASE(the_owner_must_write_what_he_does_not_own) {
  for (const mode_t mode : {0600, 0640, 0644, 0660, 0664})  // nobody else, or another group
    BOOST_TEST(!usable(access(kOwner, kGroup, mode), access(kDaemon, kDaemons, mode)), mode);
  BOOST_TEST(usable(access(kOwner, kGroup, 0666), access(kDaemon, kDaemons, 0666)));
  BOOST_TEST(usable(access(kOwner, kGroup, 0660), access(kDaemon, kGroup, 0660)));
  BOOST_TEST(!usable(access(kOwner, kGroup, 0640), access(kDaemon, kGroup, 0640)));
  BOOST_TEST(!usable(access(kOwner, kGroup, 0644), access(kDaemon, kGroup, 0644)));
}

// `chgrp streamd app.db; chmod 660 app.db` gives streamd the database, and does not put its owner
// into the group.
BOOST_AUTO_TEST_CASE(a_group_helps_only_an_owner_who_is_in_it) {
  const Access database = access(kOwner, kDaemons, 0660), file = access(kDaemon, kDaemons, 0660);
  BOOST_TEST(usable(database, file));
  BOOST_TEST(!usable_by_outsider(database, file));
  BOOST_TEST(usable_by_outsider(access(0, kDaemons, 0660), file));  // root may always
}

BOOST_AUTO_TEST_CASE(the_group_keeps_what_it_has) {
  BOOST_TEST(!usable(access(kOwner, kGroup, 0660), access(kOwner, kDaemons, 0660)));
  BOOST_TEST(!usable(access(kOwner, kGroup, 0640), access(kOwner, kDaemons, 0640)));  // its readers
  BOOST_TEST(usable(access(kOwner, kGroup, 0644), access(kOwner, kDaemons, 0644)));
  BOOST_TEST(usable(access(kOwner, kGroup, 0600), access(kOwner, kDaemons, 0600)));
  BOOST_TEST(!usable(access(kOwner, kGroup, 0664), access(kOwner, kGroup, 0644)));
}

BOOST_AUTO_TEST_CASE(the_others_keep_what_they_have) {
  BOOST_TEST(!usable(access(kOwner, kGroup, 0666), access(kOwner, kGroup, 0664)));
  BOOST_TEST(!usable(access(kOwner, kGroup, 0604), access(kOwner, kDaemons, 0604)));  // but those
}

BOOST_AUTO_TEST_CASE(names_of_the_file_let_its_users_in) {
  const Access database = access(kOwner, kGroup, 0644), file = access(kDaemon, kDaemons, 0644);
  BOOST_TEST(usable(database, with(access(kDaemon, kDaemons, 0644), {user(kOwner, 6)}, 6)));
  BOOST_TEST(!usable(database, with(file, {user(kOwner, 6)}, 4)));  // masked
  BOOST_TEST(!usable(database, with(file, {user(kOwner, 4)}, 6)));
  BOOST_TEST(!usable(database, with(file, {user(kBob, 6)}, 6)));
  const Access shared = access(kOwner, kGroup, 0660);
  BOOST_TEST(usable(shared, with(access(kDaemon, kDaemons, 0660), {group(kGroup, 6)}, 6)));
  BOOST_TEST(!usable(shared, with(access(kDaemon, kDaemons, 0660), {group(kGroup, 6)}, 4)));
  BOOST_TEST(!usable(shared, with(access(kDaemon, kDaemons, 0660), {group(kFriends, 6)}, 6)));
}

BOOST_AUTO_TEST_CASE(names_of_the_database_keep_what_they_have) {
  const Access bob = with(access(kOwner, kGroup, 0600), {user(kBob, 6)}, 6);
  BOOST_TEST(usable(bob, bob));
  BOOST_TEST(!usable(bob, access(kOwner, kGroup, 0660)));
  BOOST_TEST(usable(bob, with(access(kDaemon, kGroup, 0600), {user(kBob, 6), user(kOwner, 6)}, 6)));
  BOOST_TEST(!usable(bob, with(access(kOwner, kGroup, 0600), {user(kBob, 4)}, 6)));
  const Access friends = with(access(kOwner, kGroup, 0600), {group(kFriends, 6)}, 6);
  BOOST_TEST(usable(friends, friends));
  BOOST_TEST(usable(friends, access(kOwner, kFriends, 0660)));
  BOOST_TEST(!usable(friends, access(kOwner, kGroup, 0660)));
  BOOST_TEST(!usable(friends, with(access(kOwner, kGroup, 0600), {group(kFriends, 6)}, 4)));
}

// A file's list can take away, too: the kernel looks at a name before the others' rights.
BOOST_AUTO_TEST_CASE(names_of_the_file_that_shut_somebody_out) {
  const Access database = access(kOwner, kGroup, 0666);
  BOOST_TEST(usable(database, with(access(kOwner, kGroup, 0666), {user(kBob, 6)}, 6)));
  BOOST_TEST(!usable(database, with(access(kOwner, kGroup, 0666), {user(kBob, 4)}, 6)));
  BOOST_TEST(!usable(database, with(access(kOwner, kGroup, 0666), {group(kFriends, 4)}, 6)));
  Access by_default = with(access(kDaemon, kGroup, 0660), {user(kDaemon, 6)}, 6);
  by_default.list.group = 4;  // the mode shows the mask: the group itself may only read
  BOOST_TEST(by_default.list.mode() == 0660u);
  BOOST_TEST(!usable(access(kOwner, kGroup, 0660), by_default));
}

BOOST_AUTO_TEST_CASE(an_attribute_is_read) {
  const auto list = AccessList::parse(kList);
  BOOST_REQUIRE(list.has_value());
  AccessList expected{7, 5, 1, 6, {user(kBob, 6), group(kFriends, 4)}};
  BOOST_TEST((*list == expected));
  BOOST_TEST(list->mode() == 0761u);
  expected.change_mode(0640);
  BOOST_TEST((expected == AccessList{6, 5, 0, 4, {user(kBob, 6), group(kFriends, 4)}}));
  BOOST_TEST(!AccessList::parse(ByteView(kList).first(3)).has_value());
  BOOST_TEST(!AccessList::parse(ByteView(kList).first(kList.size() - 1)).has_value());
  Bytes other_version = kList;
  other_version[0] = 3;
  BOOST_TEST(!AccessList::parse(other_version).has_value());
}

BOOST_AUTO_TEST_CASE(the_kernel_means_the_same) {
  const TempFolder folder;
  const std::string path = folder.file("file");
  BOOST_TEST(!sqlite::access_of(path)->has_value());
  std::ofstream(path).put('x');
  BOOST_REQUIRE(chmod(path.c_str(), 0640) == 0);
  const auto plain = sqlite::access_of(path);
  BOOST_REQUIRE((plain && *plain));
  BOOST_TEST(((**plain).list == AccessList::of_mode(0640)));
  BOOST_TEST((**plain).owner == geteuid());
  const auto set = [](const std::string& where, const char* name, const Bytes& value) {
    return setxattr(where.c_str(), name, value.data(), value.size(), 0) == 0;
  };
  if (!set(path, "system.posix_acl_access", kList)) {
    BOOST_TEST_MESSAGE("no access lists on the file system of " << path);
    return;
  }
  BOOST_TEST(((*sqlite::access_of(path))->list == *AccessList::parse(kList)));
  BOOST_TEST(!sqlite::default_list(folder.path())->has_value());
  BOOST_REQUIRE(set(folder.path(), "system.posix_acl_default", kList));
  BOOST_TEST((**sqlite::default_list(folder.path()) == *AccessList::parse(kList)));
}

BOOST_AUTO_TEST_SUITE_END()
