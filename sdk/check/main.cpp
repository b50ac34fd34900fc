// streamd-driver-check: the conformance suite on one driver.
#include <unistd.h>

#include <charconv>
#include <cstdio>
#include <cstring>
#include <random>

#include "config.h"
#include "library.h"
#include "options.h"
#include "suite.h"

namespace streamd::check {
namespace {

constexpr const char* kUsage =
    "usage: streamd-driver-check [OPTION...] DRIVER.so CONFIG.toml\n"
    "       streamd-driver-check --list\n"
    "\n"
    "Runs the conformance suite on a storage driver. CONFIG.toml holds the driver's options as\n"
    "`name = value`; a value \"${NAME}\" comes from the environment. Objects are written below a\n"
    "prefix of their own and removed in the end.\n"
    "\n"
    "  --list              print the names of the checks\n"
    "  --only NAME         run this check or group (range.random, range); may be repeated\n"
    "  --prefix PREFIX     of all keys (default: streamd-driver-check-<random>/)\n"
    "  --large MIB         size of the large object (default: 64)\n"
    "  --objects N         how many objects list.many puts (default: 2500)\n"
    "  --seconds N         how long load.mixed runs (default: 30)\n"
    "  --json              one JSON object on stdout\n"
    "  --help, --version\n"
    "\n"
    "example: streamd-driver-check --only list ./libstreamd-file.so file.toml\n"
    "exit code: 0 all passed or skipped, 1 a check failed, 2 usage, 40 driver or options refused\n";

struct Arguments {
  std::vector<std::string> only;
  std::vector<std::string> files;
  Target target;
  bool json = false;
};

std::string random_prefix() {
  std::random_device device;
  char text[48];
  std::snprintf(text, sizeof text, "streamd-driver-check-%08x%08x/", device(), device());
  return text;
}

[[noreturn]] void refuse_usage(const std::string& why) {
  std::fprintf(stderr, "streamd-driver-check: %s\nhint: streamd-driver-check --help\n",
               why.c_str());
  std::exit(2);
}

[[noreturn]] void print_and_exit(const std::string& text) {
  std::fputs(text.c_str(), stdout);
  std::exit(0);
}

std::string list_of_checks() {
  std::string text;
  for (const Check& check : all_checks())
    text += std::string(check.name) + std::string(34 - std::strlen(check.name), ' ') + check.what +
            "\n";
  return text;
}

std::uint32_t number_of(const std::string& option, const std::string& value) {
  std::uint32_t number = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
  if (error != std::errc() || *end != '\0' || number > 1'000'000)
    refuse_usage(option + " needs a number up to 1000000, not '" + value + "'");
  return number;
}

void check_names(const std::vector<std::string>& only) {
  for (const std::string& name : only) {
    bool known = false;
    for (const Check& check : all_checks()) known = known || is_selected(check, {name});
    if (!known) refuse_usage("no check or group is called '" + name + "'");
  }
}

Arguments parse(const std::vector<std::string>& words) {
  Arguments parsed;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string& word = words[i];
    const auto value = [&]() -> const std::string& {
      if (i + 1 == words.size()) refuse_usage(word + " needs a value");
      return words[++i];
    };
    if (word == "--help") print_and_exit(kUsage);
    if (word == "--version")
      print_and_exit("streamd-driver-check, driver ABI " STREAMD_ABI_VERSION "\n");
    if (word == "--list") print_and_exit(list_of_checks());
    if (word == "--json")
      parsed.json = true;
    else if (word == "--only")
      parsed.only.push_back(value());
    else if (word == "--prefix")
      parsed.target.prefix = value();
    else if (word == "--large")
      parsed.target.large_bytes = std::uint64_t{number_of(word, value())} << 20;
    else if (word == "--objects")
      parsed.target.list_objects = number_of(word, value());
    else if (word == "--seconds")
      parsed.target.load_seconds = number_of(word, value());
    else if (word.starts_with("-"))
      refuse_usage("unknown option '" + word + "'");
    else
      parsed.files.push_back(word);
  }
  if (parsed.files.size() != 2) refuse_usage("a driver and an options file are needed");
  check_names(parsed.only);
  if (parsed.target.prefix.empty()) parsed.target.prefix = random_prefix();
  if (!parsed.target.prefix.ends_with('/')) parsed.target.prefix += '/';
  return parsed;
}

const char* outcome_name(Outcome outcome) {
  return outcome == Outcome::kPass ? "pass" : outcome == Outcome::kSkip ? "skip" : "fail";
}

std::string json_string(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    char escaped[8];
    std::snprintf(escaped, sizeof escaped, "\\u%04x", static_cast<unsigned char>(c));
    if (c == '"' || c == '\\')
      (out += '\\') += c;
    else if (static_cast<unsigned char>(c) < 0x20)
      out += escaped;
    else
      out += c;
  }
  return out + "\"";
}

// Prints results as they come, and the sum.
class Printer {
 public:
  Printer(bool json, const streamd_driver& driver) : json_(json), tty_(isatty(STDOUT_FILENO) == 1) {
    if (json_)
      std::printf("{\"driver\":%s,\"version\":%s,\"abi\":\"%s\",\"checks\":[",
                  json_string(driver.name).c_str(), json_string(driver.version).c_str(),
                  STREAMD_ABI_VERSION);
    else
      std::printf("driver %s %s, ABI %s\n", driver.name, driver.version, STREAMD_ABI_VERSION);
  }
  void found(const streamd_caps& caps) {
    caps_ = caps;
    if (json_) return;
    const auto can = [&](std::uint64_t flag) { return (caps.flags & flag) != 0 ? "yes" : "no"; };
    std::printf("put if absent: %s, lists in order: %s, lists show every put: %s\n",
                can(STREAMD_CAP_IF_ABSENT), can(STREAMD_CAP_ORDERED_LIST),
                can(STREAMD_CAP_STRONG_LIST));
    std::printf("calls at a time: %s, keys a remove: %s, bytes of a part: %s, of an object: %s\n",
                limit(caps.max_concurrency).c_str(), limit(caps.max_remove_batch).c_str(),
                limit(caps.part_size).c_str(), limit(caps.max_object_size).c_str());
    std::fflush(stdout);
  }
  void operator()(const Result& result) {
    const Verdict& verdict = result.verdict;
    ++counts_[static_cast<int>(verdict.outcome)];
    if (json_)
      std::printf("%s\n{\"name\":\"%s\",\"outcome\":\"%s\",\"text\":%s,\"seconds\":%.3f}",
                  separator(), result.check.name, outcome_name(verdict.outcome),
                  json_string(verdict.text).c_str(), result.seconds);
    else
      std::printf("%s%s%s  %-34s %6.2f s%s%s\n", colour(verdict.outcome),
                  outcome_name(verdict.outcome), tty_ ? "\033[0m" : "", result.check.name,
                  result.seconds, verdict.text.empty() ? "" : "  ", verdict.text.c_str());
    std::fflush(stdout);
  }
  void sum() const {
    if (json_)
      std::printf(
          "\n],\"caps\":{\"if_absent\":%s,\"ordered_list\":%s,\"strong_list\":%s,"
          "\"max_concurrency\":%u,\"max_remove_batch\":%u,\"part_size\":%llu,"
          "\"max_object_size\":%llu},\"passed\":%d,\"skipped\":%d,\"failed\":%d}\n",
          json_flag(STREAMD_CAP_IF_ABSENT), json_flag(STREAMD_CAP_ORDERED_LIST),
          json_flag(STREAMD_CAP_STRONG_LIST), caps_.max_concurrency, caps_.max_remove_batch,
          static_cast<unsigned long long>(caps_.part_size),
          static_cast<unsigned long long>(caps_.max_object_size), counts_[0], counts_[1],
          counts_[2]);
    else
      std::printf("%d passed, %d skipped, %d failed\n", counts_[0], counts_[1], counts_[2]);
  }

 private:
  static std::string limit(std::uint64_t number) {
    return number == 0 ? "no limit" : std::to_string(number);
  }
  const char* json_flag(std::uint64_t flag) const {
    return (caps_.flags & flag) != 0 ? "true" : "false";
  }
  const char* separator() const { return counts_[0] + counts_[1] + counts_[2] == 1 ? "" : ","; }
  const char* colour(Outcome outcome) const {
    if (!tty_ || getenv("NO_COLOR") != nullptr) return "";
    return outcome == Outcome::kPass   ? "\033[32m"
           : outcome == Outcome::kSkip ? "\033[33m"
                                       : "\033[31m";
  }
  bool json_;
  bool tty_;
  int counts_[3] = {};
  streamd_caps caps_{};
};

int run(Arguments& arguments) {
  streamd_driver driver;
  try {
    driver = load_driver(arguments.files[0]);
    arguments.target.driver = &driver;
    arguments.target.options = checked_options(driver, read_config(arguments.files[1]));
  } catch (const Failure& failure) {
    std::fprintf(stderr, "streamd-driver-check: %s\n", failure.what());
    return 40;
  }
  Printer printer(arguments.json, driver);
  try {
    const bool good = run_checks(
        arguments.target, arguments.only, [&](const streamd_caps& caps) { printer.found(caps); },
        [&](const Result& result) { printer(result); });
    printer.sum();
    return good ? 0 : 1;
  } catch (const Failure& failure) {
    printer.sum();
    std::fprintf(stderr, "streamd-driver-check: %s\n", failure.what());
    return 1;
  }
}

}  // namespace
}  // namespace streamd::check

int main(int argc, char** argv) {
  auto arguments = streamd::check::parse({argv + 1, argv + argc});
  return streamd::check::run(arguments);
}
