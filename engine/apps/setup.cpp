#include "apps/setup.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>

namespace streamd::apps {
namespace {

std::vector<std::string> split_path(const std::string& text) {
  std::vector<std::string> folders;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find(':', begin), text.size());
    if (end > begin) folders.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return folders;
}

std::vector<std::string> driver_path(const SetupOptions& options, const config::Config& config) {
  if (!options.driver_path.empty()) return options.driver_path;
  if (const char* environment = std::getenv("STREAMD_DRIVER_PATH"))
    if (auto folders = split_path(environment); !folders.empty()) return folders;
  const auto written = config.streamd_settings.find("driver-path");
  if (written != config.streamd_settings.end() && !written->second.origin.file.empty())
    return config.streamd.driver_path;
  return installed_driver_path();
}

config::DriverOptions options_of(storage::Drivers& drivers) {
  return [&drivers](const std::string& name) -> Result<std::vector<config::OptionSpec>> {
    const auto library = TRY(drivers.find(name));
    std::vector<config::OptionSpec> specs;
    for (const storage::DriverOption& option : library->options()) {
      config::OptionSpec spec;
      spec.name = option.name;
      spec.type = config::driver_option_type(option.type);
      spec.default_value = option.default_value;
      spec.help = option.help;
      spec.required = option.required;
      spec.secret = option.secret;
      specs.push_back(std::move(spec));
    }
    return specs;
  };
}

Setup with_drivers(const SetupOptions& options, const config::Config& config) {
  Setup setup;
  setup.drivers = std::make_unique<storage::Drivers>(driver_path(options, config));
  setup.context = config::process_context(options_of(*setup.drivers));
  return setup;
}

}  // namespace

std::vector<std::string> installed_driver_path() {
  std::vector<std::string> folders{STREAMD_INSTALLED_DRIVERS};
  std::error_code failed;
  const auto program = std::filesystem::read_symlink("/proc/self/exe", failed);
  if (failed) return folders;
  const auto moved = program.parent_path().parent_path() / STREAMD_DRIVER_DIR;
  if (moved != folders.front()) folders.insert(folders.begin(), moved.string());
  return folders;
}

// Twice: the file says where the drivers are, and the drivers say what the file may hold.
Setup load_setup(const SetupOptions& options) {
  const config::Loaded first = config::load(options.config, config::process_context({}));
  Setup setup = with_drivers(options, first.config);
  config::Loaded loaded = config::load(options.config, setup.context);
  setup.config = std::move(loaded.config);
  setup.problems = std::move(loaded.problems);
  return setup;
}

Setup setup_without_file(const SetupOptions& options) {
  config::Config config = config::default_config();
  Setup setup = with_drivers(options, config);
  setup.config = std::move(config);
  return setup;
}

}  // namespace streamd::apps
