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

namespace {

struct Answers {
  bool no_types = false;  // of readdir
  const char* name = "";  // of the file that cannot be looked at
  int look = 0;           // errno of that
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

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace streamd::file_driver
