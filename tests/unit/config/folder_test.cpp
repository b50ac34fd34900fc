#include "config/folder.h"

#include <unistd.h>

#include "../temp_folder.h"
#include "base/file.h"
#include "config/difference.h"
#include "sample.h"

using namespace streamd;
using namespace streamd::config;

namespace {

constexpr const char* kWatched =
    "[[database]]\ndirectory = \"/data\"\nrecursive = true\n[[database.replica]]\n"
    "driver = \"file\"\npath = \"/b\"\n[[database.replica]]\ndriver = \"s3\"\nbucket = \"x\"\n"
    "path = \"all/{name}\"\n";

std::vector<std::string> names(const FoundFiles& found) {
  std::vector<std::string> all;
  for (const FoundFile& file : found.files) all.push_back(name_of(file.path));
  return all;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(watched_folders)

BOOST_AUTO_TEST_CASE(files_by_their_names) {
  const TempFolder folder;
  const std::string root = *canonical_path(folder.path());
  const auto write = [&](const std::string& name) {
    BOOST_REQUIRE(make_folders(folder_of(join_path(root, name))));
    BOOST_REQUIRE(replace_file(join_path(root, name), as_bytes("x")));
  };
  for (const char* name :
       {"b.db", "a.db", "a.db-wal", "a.db-shm", "a.db-journal", "c.sqlite", ".a.db-streamd/x.db",
        ".hidden.db", "a.db.before-restore-2026.db", "sub/d.db", "state/e.db"})
    write(name);
  BOOST_REQUIRE(::symlink("a.db", join_path(root, "link.db").c_str()) == 0);
  const Directory flat{root, "*.db", false, {}}, deep{root, "*.db", true, {}},
      all{root, "*", false, {}};
  BOOST_TEST((names(*find_files(flat, "")) == std::vector<std::string>{"a.db", "b.db"}));
  BOOST_TEST((names(*find_files(deep, join_path(root, "state"))) ==
              std::vector<std::string>{"a.db", "b.db", "d.db"}));
  BOOST_TEST((names(*find_files(all, "")) == std::vector<std::string>{"a.db", "b.db", "c.sqlite"}));
  BOOST_TEST(folders_of(deep, join_path(root, "state")).size() == 2);
  BOOST_TEST(folders_of(flat, "").size() == 1);
  const auto missing = find_files({join_path(root, "nothing"), "*", false, {}}, "");
  BOOST_TEST((!missing && missing.error().code == Code::kNotFound));
}

// As lost+found: what cannot be read must not hide the rest.
BOOST_AUTO_TEST_CASE(a_folder_below_that_cannot_be_read) {
  const TempFolder folder;
  const std::string root = *canonical_path(folder.path());
  for (const char* name : {"a/a.db", "lost/b.db", "z/c.db"}) {
    BOOST_REQUIRE(make_folders(folder_of(join_path(root, name))));
    BOOST_REQUIRE(replace_file(join_path(root, name), as_bytes("x")));
  }
  const std::string lost = join_path(root, "lost");
  const Directory deep{root, "*.db", true, {}};
  std::string broken = lost;
  set_file_fault([&](FileOp, const std::string& path) { return path == broken ? EACCES : 0; });
  const auto found = find_files(deep, "");
  const std::size_t folders = folders_of(deep, "").size();
  broken = root;
  const auto nothing = find_files(deep, "");
  set_file_fault({});
  BOOST_REQUIRE(found);
  BOOST_TEST((names(*found) == std::vector<std::string>{"a.db", "c.db"}));
  BOOST_REQUIRE(found->unread.size() == 1u);
  BOOST_TEST(found->unread[0].path == lost);
  BOOST_TEST((found->unread[0].error.code == Code::kPermission));
  BOOST_TEST(folders == 4u);  // watched, should it be opened up
  BOOST_TEST((!nothing && nothing.error().code == Code::kPermission));
}

BOOST_AUTO_TEST_CASE(what_would_belong) {
  const Directory flat{"/data", "*.db", false, {}}, deep{"/data", "*.db", true, {}};
  BOOST_TEST(belongs_to(flat, "/data/a.db"));
  BOOST_TEST(belongs_to(deep, "/data/x/a.db"));
  for (const char* path : {"/data/x/a.db", "/data/", "/data", "/other/a.db", "/data/a.txt",
                           "/data/.a.db", "/data/a.db-wal"})
    BOOST_TEST(!belongs_to(flat, path), path);
  BOOST_TEST(!belongs_to(deep, "/data/.hidden/a.db"));
}

BOOST_AUTO_TEST_CASE(each_file_is_a_database_with_places_of_its_own) {
  const Sample sample;
  Context context = sample.context();
  context.files_of = [](const Directory& directory) {
    return std::vector<std::string>{directory.path + "/a.db", directory.path + "/x/b.db"};
  };
  const Loaded loaded = load_sources({{"t.toml", kWatched}}, context);
  BOOST_REQUIRE_MESSAGE(!loaded.problems.has_errors(), check_report(loaded.problems));
  BOOST_REQUIRE(loaded.config.databases.size() == 2);
  BOOST_REQUIRE(loaded.config.directories.size() == 1);
  const Database& second = loaded.config.databases[1];
  BOOST_TEST(second.path == "/data/x/b.db");
  BOOST_TEST(second.name == "x/b.db");
  BOOST_TEST(second.directory == "/data");
  BOOST_REQUIRE(second.replicas.size() == 2);
  BOOST_TEST(second.replicas[0].prefix == "box/data/x/b.db");
  BOOST_TEST(second.replicas[1].prefix == "all/x/b.db");
}

// Several databases at one place would be several writers of one replica.
BOOST_AUTO_TEST_CASE(a_path_in_a_storage_that_says_no_database_is_the_folder_of_all) {
  const Sample sample;
  Context context = sample.context();
  context.files_of = [](const Directory& directory) {
    return std::vector<std::string>{directory.path + "/a.db"};
  };
  const auto prefix = [&](const std::string& storage, const std::string& path) {
    const Loaded loaded = load_sources(
        {{"t.toml", "[storage.s]\ndriver = \"s3\"\nbucket = \"x\"\npath = \"" + storage +
                        "\"\n[[database]]\ndirectory = \"/data\"\n"
                        "replicas = [{ storage = \"s\", path = \"" +
                        path + "\" }]\n"}},
        context);
    BOOST_REQUIRE_MESSAGE(!loaded.problems.has_errors(), check_report(loaded.problems));
    return loaded.config.databases.at(0).replicas.at(0).prefix;
  };
  BOOST_TEST(prefix("all", "app") == "all/app/box/data/a.db");
  BOOST_TEST(prefix("all", "app/{name}") == "all/app/a.db");
  BOOST_TEST(prefix("all", "{relpath}") == "all/data/a.db");
  BOOST_TEST(prefix("all/{name}", "app") == "all/a.db/app");
}

BOOST_AUTO_TEST_CASE(one_with_a_table_of_its_own_is_not_found_again) {
  const Sample sample;
  Context context = sample.context();
  context.files_of = [](const Directory&) { return std::vector<std::string>{"/data/a.db"}; };
  const std::string own =
      "[[database]]\npath = \"/data/a.db\"\n[[database.replica]]\ndriver = \"file\"\npath = "
      "\"/o\"\n";
  const Loaded loaded = load_sources({{"t.toml", kWatched + own}}, context);
  BOOST_REQUIRE(!loaded.problems.has_errors());
  BOOST_REQUIRE(loaded.config.databases.size() == 1);
  BOOST_TEST(loaded.config.databases[0].directory.empty());
}

BOOST_AUTO_TEST_CASE(what_makes_a_database_another_one) {
  const Sample sample;
  const auto read = [&](const std::string& lines, const std::string& replica) {
    return sample
        .good("\n\n[[database]]\npath = \"/d/a.db\"\n" + lines +
              "\n[[database.replica]]\ndriver = \"file\"\npath = \"/b\"\n" + replica + "\n")
        .databases.front();
  };
  const Database plain = read("", "");
  BOOST_TEST(same_settings(plain, read("\n\nsync-interval = \"1s\"", "")));  // the default
  BOOST_TEST(!same_settings(plain, read("name = \"x\"", "")));
  BOOST_TEST(!same_settings(plain, read("wal-soft-limit = \"1MiB\"", "")));
  BOOST_TEST(!same_settings(plain, read("", "sync-interval = \"2s\"")));
  BOOST_TEST(!same_settings(plain, read("", "fsync = false")));
  BOOST_TEST(!same_settings(plain, read("",
                                        "[[database.replica]]\ndriver = \"file\"\npath = \"/c\"\n"
                                        "name = \"second\"")));
  BOOST_TEST(!same_settings(plain, read("keep = { daily = 2 }", "")));
  BOOST_TEST(
      same_settings(read("heartbeat-url = \"https://a/b\"\nheartbeat-interval = \"1m\"", ""),
                    read("heartbeat-url = \"https://a/c\"\nheartbeat-interval = \"2m\"", "")));
}

BOOST_AUTO_TEST_CASE(options_that_differ) {
  Setting one, two;
  one.text = "1";
  two.text = "2";
  const Settings before{{"gone", one}, {"list", one}, {"same", one}, {"text", one}};
  Settings after{{"list", one}, {"new", one}, {"same", one}, {"text", two}};
  after["list"].items = {"a"};
  BOOST_TEST(
      (changed_options(before, after) == std::vector<std::string>{"gone", "list", "text", "new"}));
}

BOOST_AUTO_TEST_SUITE_END()
