// streamctl drivers list | show NAME | check NAME|PATH.so OPTIONS
#include <fmt/core.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>

#include "apps/commands/command.h"
#include "apps/table.h"
#include "daemon/exit_code.h"

namespace streamd::apps {
namespace {

Result<int> run_list(const Session& session) {
  const Setup setup = load_setup(session.setup);  // a wrong configuration does not matter here
  Json all = Json::array();
  Table table({"NAME", "VERSION", "SUMMARY", "FILE"});
  for (const storage::DriverListing& driver : setup.drivers->list()) {
    all.push(Json::object({{"name", driver.name},
                           {"version", driver.version},
                           {"summary", driver.summary},
                           {"path", driver.path},
                           {"refused", driver.refused ? Json(driver.why.message) : Json()}}));
    table.add({driver.name, driver.refused ? "-" : driver.version,
               driver.refused ? "refused: " + driver.why.message : driver.summary, driver.path});
  }
  if (session.json)
    print_json(Json::object({{"drivers", std::move(all)}}));
  else
    fmt::print("{}", table.text());
  return daemon::kExitDone;
}

Json options_json(const storage::DriverLibrary& driver) {
  Json options = Json::array();
  for (const storage::DriverOption& option : driver.options())
    options.push(Json::object({{"name", option.name},
                               {"type", option.type},
                               {"default", option.default_value},
                               {"required", option.required},
                               {"secret", option.secret},
                               {"help", option.help}}));
  return options;
}

void print_driver(const storage::DriverLibrary& driver) {
  fmt::print("{} {}: {}\n{}\n\n", driver.name(), driver.version(), driver.summary(), driver.path());
  Table table({"OPTION", "TYPE", "DEFAULT", "MEANING"});
  for (const storage::DriverOption& option : driver.options())
    table.add({option.name, option.type,
               option.required                ? "(required)"
               : option.default_value.empty() ? "-"
                                              : option.default_value,
               option.help});
  fmt::print("{}", table.text());
}

Result<int> run_show(const Session& session, const std::string& name) {
  const Setup setup = load_setup(session.setup);
  const auto driver = TRY(setup.drivers->find(name));
  if (session.json)
    print_json(Json::object({{"name", driver->name()},
                             {"version", driver->version()},
                             {"summary", driver->summary()},
                             {"path", driver->path()},
                             {"options", options_json(*driver)}}));
  else
    print_driver(*driver);
  return daemon::kExitDone;
}

struct CheckArguments {
  std::string driver, options, large, objects, seconds;
  std::vector<std::string> only;
};

// The program of the conformance suite: beside this one, else where programs are looked for.
constexpr const char* kCheckProgram = "streamd-driver-check";
std::string check_program() {
  std::error_code failed;
  const auto here = std::filesystem::read_symlink("/proc/self/exe", failed).parent_path();
  const std::string beside = (here / kCheckProgram).string();
  return !failed && access(beside.c_str(), X_OK) == 0 ? beside : kCheckProgram;
}

Result<std::string> library_of(const Session& session, const std::string& driver) {
  if (driver.find('/') != std::string::npos || driver.ends_with(".so"))
    return std::filesystem::absolute(driver).string();
  const Setup setup = load_setup(session.setup);
  return TRY(setup.drivers->find(driver))->path();
}

// Becomes that program: its output and its exit code are this command's.
Result<int> run_check(const Session& session, const CheckArguments& arguments) {
  std::vector<std::string> words{check_program()};
  if (session.json) words.emplace_back("--json");
  for (const std::string& name : arguments.only) words.insert(words.end(), {"--only", name});
  for (const auto& [option, value] :
       {std::pair("--large", &arguments.large), std::pair("--objects", &arguments.objects),
        std::pair("--seconds", &arguments.seconds)})
    if (!value->empty()) words.insert(words.end(), {option, *value});
  words.push_back(TRY(library_of(session, arguments.driver)));
  words.push_back(arguments.options);
  std::vector<char*> pointers;
  for (std::string& word : words) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  execvp(pointers.front(), pointers.data());
  if (errno == ENOENT)
    return make_error(Code::kNotFound, std::string(kCheckProgram) + " is not installed",
                      "it comes with the SDK (package streamd-dev)");
  return errno_error(errno, "run " + words.front());
}

void add_check(const Command& drivers, Session& session) {
  const Command check = declare_command(
      drivers, session, "check", "run the conformance suite on a driver, against real storage",
      "streamctl drivers check file options.toml\n\n"
      "OPTIONS.toml holds the driver's options as `name = value`; \"${NAME}\" comes from the "
      "environment.\nThe suite writes below a prefix of its own and removes what it wrote.\n"
      "Exit code: 0 all passed or skipped, 1 a check failed, 2 usage, 40 driver or options "
      "refused");
  declare_json(check, session);
  const auto arguments = std::make_shared<CheckArguments>();
  check.add_option("driver", arguments->driver, "its name, or a library that is not installed")
      .required()
      .type_name("NAME|PATH.so");
  check.add_option("options", arguments->options, "file with the driver's options")
      .required()
      .type_name("OPTIONS.toml");
  check.add_option("--only", arguments->only, "this check or group; may be repeated")
      .type_name("NAME")
      .one_value_at_a_time();
  check.add_option("--large", arguments->large, "size of the large object, in MiB")
      .type_name("MIB");
  check.add_option("--objects", arguments->objects, "how many objects the long listing has")
      .type_name("N");
  check.add_option("--seconds", arguments->seconds, "how long the mixed load runs").type_name("N");
  check.callback([&session, arguments] {
    session.run = [&session, arguments] { return run_check(session, *arguments); };
  });
}

}  // namespace

void add_drivers(const Command& app, Session& session) {
  const Command drivers = declare_group(
      app, session, "drivers", "storage drivers: list, show, check", "streamctl drivers show file");
  const Command list = declare_command(drivers, session, "list", "drivers that are installed",
                                       "streamctl drivers list --json");
  declare_json(list, session);
  list.callback([&session] { session.run = [&session] { return run_list(session); }; });
  const Command show = declare_command(drivers, session, "show", "a driver and its options",
                                       "streamctl drivers show file");
  declare_json(show, session);
  const auto name = std::make_shared<std::string>();
  show.add_option("name", *name, "the driver's name").required().type_name("NAME");
  show.callback(
      [&session, name] { session.run = [&session, name] { return run_show(session, *name); }; });
  add_check(drivers, session);
}

}  // namespace streamd::apps
