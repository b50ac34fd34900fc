// streamctl drivers list | show NAME | check NAME|PATH.so CONFIG
#include <fmt/core.h>

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

}  // namespace

void add_drivers(CLI::App& app, Session& session) {
  CLI::App* drivers = app.add_subcommand("drivers", "storage drivers: list, show");
  drivers->require_subcommand(1);
  drivers->set_help_flag("-h,--help", "print this and exit");
  drivers->footer("\nExample:\n  streamctl drivers show file");
  CLI::App* list = declare_command(*drivers, session, "list", "drivers that are installed",
                                   "streamctl drivers list --json");
  declare_json(*list, session);
  list->callback([&session] { session.run = [&session] { return run_list(session); }; });
  CLI::App* show = declare_command(*drivers, session, "show", "a driver and its options",
                                   "streamctl drivers show file");
  declare_json(*show, session);
  const auto name = std::make_shared<std::string>();
  show->add_option("name", *name, "the driver's name")->required()->type_name("NAME");
  show->callback(
      [&session, name] { session.run = [&session, name] { return run_show(session, *name); }; });
}

}  // namespace streamd::apps
