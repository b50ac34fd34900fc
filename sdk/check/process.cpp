// What a driver may do to the process it lives in, and the structs of hosts newer than itself.
#include <dirent.h>
#include <fcntl.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <set>

#include "bench.h"
#include "pattern.h"

namespace streamd::check {
namespace {

std::set<int> numbers_in(const char* folder) {
  std::set<int> numbers;
  DIR* listing = opendir(folder);
  if (listing == nullptr) return numbers;
  while (const dirent* entry = readdir(listing)) {
    const int number = std::atoi(entry->d_name);
    if (entry->d_name[0] != '.' && number != dirfd(listing)) numbers.insert(number);
  }
  closedir(listing);
  return numbers;
}

// One or more of a-z, 0-9 and the separator.
bool is_name(const std::string& text, char separator) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [separator](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == separator;
  });
}

Verdict table(Bench& bench) {
  const streamd_driver& driver = *bench.target().driver;
  static const std::set<std::string> types = {"string", "int", "bool", "size", "duration", "path"};
  require(is_name(driver.name, '_'), "the name must match [a-z0-9_]+");
  require(driver.version[0] != '\0' && driver.summary[0] != '\0', "version or summary is empty");
  std::set<std::string> seen;
  for (const streamd_option* o = driver.options; o->name != nullptr; ++o) {
    const std::string name = o->name;
    require(is_name(name, '-'), "option '" + name + "' must match [a-z0-9-]+");
    require(seen.insert(name).second, "option '" + name + "' is there twice");
    require(o->type != nullptr && types.count(o->type) == 1,
            "option '" + name + "' has no known type");
    require(o->help != nullptr && o->help[0] != '\0', "option '" + name + "' has no help");
    require((o->flags & STREAMD_OPTION_REQUIRED) == 0 || o->def == nullptr,
            "option '" + name + "' is required and has a default");
  }
  return pass();
}

// The best of five: a busy machine proves nothing.
Verdict open_is_quick(Bench& bench) {
  const std::vector<streamd_kv> options = pairs_of(bench.target());
  const streamd_driver& driver = *bench.target().driver;
  double best = 1e9;
  for (int i = 0; i < 5; ++i) {
    const PlainCall plain;
    void* instance = nullptr;
    const auto began = std::chrono::steady_clock::now();
    const streamd_code code = driver.open(options.data(), options.size(), &plain.call, &instance);
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
    require(code == STREAMD_OK, std::string("open failed: ") + plain.error.message);
    driver.close(instance);
    best = std::min(best, took.count());
  }
  require(best < 0.1, "open took " + std::to_string(best) + " s, more than 100 ms");
  return pass();
}

Verdict second_instance(Bench& bench) {
  const std::string key = bench.key("shared.bin");
  expect(bench.put(key, "from the first"), STREAMD_OK, "put");
  {
    Bench second(bench.target());
    expect_object(second, key, "from the first");
    expect(second.put(key, "from the second"), STREAMD_OK, "put by a second instance");
  }
  expect_object(bench, key, "from the second");
  return pass();
}

Verdict leaves_nothing(Bench& bench) {
  const auto use = [&] {
    Bench second(bench.target());
    const std::string key = bench.key("used.bin");
    expect(second.put(key, pattern(1, 100'000)), STREAMD_OK, "put");
    expect(second.get(key), STREAMD_OK, "get");
    expect(second.list(key), STREAMD_OK, "list");
    expect(second.stat(bench.key("never.bin")), STREAMD_NOT_FOUND, "stat");
    expect(second.remove({key}), STREAMD_OK, "remove");
  };
  use();
  const std::size_t descriptors = numbers_in("/proc/self/fd").size();
  const std::size_t threads = numbers_in("/proc/self/task").size();
  if (descriptors == 0) return skip("no /proc");
  for (int i = 0; i < 5; ++i) use();
  const std::size_t descriptors_after = numbers_in("/proc/self/fd").size();
  const std::size_t threads_after = numbers_in("/proc/self/task").size();
  require(descriptors_after <= descriptors, "five instances left " +
                                                std::to_string(descriptors_after - descriptors) +
                                                " descriptors open");
  require(threads_after <= threads,
          "five instances left " + std::to_string(threads_after - threads) + " threads behind");
  return pass();
}

Verdict close_on_exec(Bench& bench) {
  const std::set<int> before = numbers_in("/proc/self/fd");
  const std::string key = bench.key("object.bin");
  std::string bad;
  const auto look = [&] {
    for (const int fd : numbers_in("/proc/self/fd")) {
      const int flags = before.count(fd) == 0 ? fcntl(fd, F_GETFD) : -1;
      if (flags >= 0 && (flags & FD_CLOEXEC) == 0)
        bad = "descriptor " + std::to_string(fd) + " is not O_CLOEXEC";
    }
  };
  const ReadAt source = [&](std::uint64_t offset, char* to, std::size_t cap) -> std::int64_t {
    look();
    return pattern_source(1, 1000)(offset, to, cap);
  };
  const Write sink = [&](const char*, std::size_t) {
    look();
    return STREAMD_OK;
  };
  const Item items = [&](const char*, const streamd_object&) {
    look();
    return STREAMD_OK;
  };
  expect(bench.put_from(key, 1000, source), STREAMD_OK, "put");
  expect(bench.get_into(key, 0, STREAMD_TO_THE_END, sink), STREAMD_OK, "get");
  expect(bench.list_into(bench.key(""), "", items), STREAMD_OK, "list");
  require(bad.empty(), bad);
  return pass();
}

// A struct as a host of 1.9 would pass it: longer, its end untouched by a driver of today.
template <class T>
struct Longer {
  Longer() {
    std::memset(static_cast<void*>(this), 0, sizeof *this);
    std::memset(beyond, 0x5a, sizeof beyond);
    known.struct_size = sizeof *this;
  }
  void require_intact(const char* name) const {
    require(known.struct_size == sizeof *this, std::string(name) + ".struct_size was changed");
    for (const unsigned char byte : beyond)
      require(byte == 0x5a, std::string("the driver wrote behind the ") + name + " that it knows");
  }
  T known;
  unsigned char beyond[64];
};

Verdict newer_host(Bench& bench) {
  const streamd_driver& driver = *bench.target().driver;
  const std::vector<streamd_kv> options = pairs_of(bench.target());
  Longer<streamd_error> error;
  Longer<streamd_call> call;
  Longer<streamd_caps> caps;
  Longer<streamd_object> object;
  call.known.timeout_ms = 60'000;
  call.known.cancelled = [](void*) { return 0; };
  call.known.log = [](void*, int, const char*) {};
  call.known.error = &error.known;
  void* instance = nullptr;
  require(driver.open(options.data(), options.size(), &call.known, &instance) == STREAMD_OK,
          "open by a newer host failed");
  const std::string missing = bench.key("never.bin");
  const std::string key = bench.key("there.bin");
  expect(bench.put(key, "x"), STREAMD_OK, "put");
  const streamd_code probed = driver.probe(instance, &call.known, &caps.known);
  const streamd_code found = driver.stat(instance, &call.known, key.c_str(), &object.known);
  const streamd_code absent = driver.stat(instance, &call.known, missing.c_str(), &object.known);
  driver.close(instance);
  require(probed == STREAMD_OK && found == STREAMD_OK && absent == STREAMD_NOT_FOUND,
          "an operation called by a newer host failed");
  error.require_intact("streamd_error");
  call.require_intact("streamd_call");
  caps.require_intact("streamd_caps");
  object.require_intact("streamd_object");
  return pass();
}

Verdict callbacks(Bench& bench) {
  const auto offences = bench.offences();
  if (offences.empty()) return pass();
  throw Failure(offences.front());
}

}  // namespace

std::vector<Check> process_checks() {
  return {
      {"process.table", "name, version, summary and options are well-formed", table},
      {"process.open-is-quick", "open does no I/O that may block", open_is_quick},
      {"process.second-instance", "two instances see one storage", second_instance},
      {"process.leaves-nothing", "close leaves no descriptor and no thread", leaves_nothing},
      {"process.close-on-exec", "descriptors are O_CLOEXEC", close_on_exec},
      {"process.newer-host", "longer structs of a newer host are respected", newer_host},
      {"process.callbacks", "in all checks so far: on the calling thread, before the return",
       callbacks},
  };
}

}  // namespace streamd::check
