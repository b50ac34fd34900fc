// File systems that tell less than others, or fail at a single file: what they answer is ours here.
#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>

#include "beneath.h"
#include "listing.h"
#include "temp_folder.h"
#include "upload.h"

namespace {

struct Answers {
  bool no_types = false;  // of readdir
  const char* name = "";  // of the file that cannot be looked at
  int look = 0;           // errno of that
  int link = 0;           // errno of hard links, where there is no renaming without replacing
};
Answers answers;

template <typename Function>
Function* real(const char* name) {
  return reinterpret_cast<Function*>(::dlsym(RTLD_NEXT, name));
}

}  // namespace

extern "C" dirent* readdir(DIR* folder) {
  dirent* entry = real<dirent*(DIR*)>("readdir")(folder);
  if (entry != nullptr && answers.no_types) entry->d_type = DT_UNKNOWN;
  return entry;
}

extern "C" int fstatat(int folder, const char* path, struct stat* found, int flags) noexcept {
  if (answers.look != 0 && std::strstr(path, answers.name) != nullptr) {
    errno = answers.look;
    return -1;
  }
  return real<int(int, const char*, struct stat*, int)>("fstatat")(folder, path, found, flags);
}

extern "C" int renameat2(int from_folder, const char* from, int to_folder, const char* to,
                         unsigned flags) noexcept {
  if (answers.link != 0 && flags != 0) {
    errno = EINVAL;
    return -1;
  }
  return real<int(int, const char*, int, const char*, unsigned)>("renameat2")(from_folder, from,
                                                                              to_folder, to, flags);
}

extern "C" int linkat(int from_folder, const char* from, int to_folder, const char* to,
                      int flags) noexcept {
  if (answers.link != 0) {
    errno = answers.link;
    return -1;
  }
  return real<int(int, const char*, int, const char*, int)>("linkat")(from_folder, from, to_folder,
                                                                      to, flags);
}

namespace streamd::file_driver {
namespace {

struct AnswerAsBefore {
  ~AnswerAsBefore() { answers = {}; }
};

struct Listed {
  streamd_code code;
  std::string keys, message;
};

Listed list(const std::string& folder) {
  streamd_error error{};
  error.struct_size = sizeof error;
  streamd_call abi{};
  abi.struct_size = sizeof abi;
  abi.cancelled = [](void*) { return 0; };
  abi.error = &error;
  const sdk::Call call(&abi);
  Listed listed{};
  const streamd_list_sink sink{&listed.keys, [](void* to, const char* key, const streamd_object*) {
                                 *static_cast<std::string*>(to) += std::string(key) + " ";
                                 return streamd_code{STREAMD_OK};
                               }};
  const streamd_list request{sizeof request, 0, "", ""};
  const Descriptor root(::open(folder.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  listed.code = list_objects(call, root, folder, request, sink);
  listed.message = error.message;
  return listed;
}

BOOST_AUTO_TEST_SUITE(old_file_system)

BOOST_AUTO_TEST_CASE(a_file_that_cannot_be_looked_at_is_not_left_out) {
  const AnswerAsBefore after;
  const TempFolder folder;
  std::filesystem::create_directory(folder.file("p"));
  for (const char* name : {"p/a.x", "p/b.x"}) std::ofstream(folder.file(name)) << "text";
  answers.no_types = true;
  BOOST_TEST(list(folder.path()).keys == "p/a.x p/b.x ");
  answers.name = "b.x";
  for (const int error_number : {EIO, ESTALE, EACCES}) {
    answers.look = error_number;
    const Listed listed = list(folder.path());
    BOOST_TEST(listed.code == (error_number == EACCES ? STREAMD_PERMISSION : STREAMD_TRANSIENT));
    BOOST_TEST(listed.message.find("cannot look at " + folder.file("p/b.x")) != std::string::npos,
               listed.message);
  }
  answers.look = ENOENT;  // removed meanwhile
  const Listed listed = list(folder.path());
  BOOST_TEST(listed.code == STREAMD_OK);
  BOOST_TEST(listed.keys == "p/a.x ");
}

BOOST_AUTO_TEST_CASE(without_hard_links_there_is_no_put_if_absent) {
  const AnswerAsBefore after;
  const TempFolder folder;
  Uploader uploader(folder.path());
  const Descriptor root(::open(folder.path().c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  BOOST_TEST(uploader.can_rename_if_absent(root));
  for (const int error_number : {EPERM, ENOSYS, EOPNOTSUPP}) {
    answers.link = error_number;
    BOOST_TEST(!uploader.can_rename_if_absent(root), strerrorname_np(error_number));
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace streamd::file_driver
