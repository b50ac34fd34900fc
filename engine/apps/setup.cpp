#include "apps/setup.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <set>

#include "base/file.h"
#include "config/folder.h"
#include "crypt/identity.h"
#include "storage/fault_store.h"

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

// The folders in effect, and who says so.
config::Setting driver_path(const SetupOptions& options, const config::Config& config) {
  config::Setting setting;
  setting.type = config::OptionType::kPaths;
  const auto from = [&](std::vector<std::string> folders, const char* origin) {
    setting.items = std::move(folders);
    setting.origin.file = origin;
    return setting;
  };
  if (!options.driver_path.empty()) return from(options.driver_path, "--driver-path");
  constexpr const char* kVariable = "STREAMD_DRIVER_PATH";
  if (const char* environment = secure_getenv(kVariable))  // not of a set-user-id program
    if (auto folders = split_path(environment); !folders.empty())
      return from(std::move(folders), kVariable);
  const auto written = config.streamd_settings.find("driver-path");
  if (written != config.streamd_settings.end() && !written->second.origin.file.empty())
    return written->second;
  return from(installed_driver_path(), "");
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

std::function<std::vector<std::string>(const config::Directory&)> files_of(
    daemon::FolderFiles& files, const std::string& wanted) {
  return [&files, wanted](const config::Directory& directory) {
    std::vector<std::string> found = files.look(directory);
    if (wanted.empty()) return found;
    const auto canonical = canonical_path(wanted);
    for (const std::string& path : {canonical.value_or(""), join_path(directory.path, wanted)})
      if (config::belongs_to(directory, path) &&
          std::find(found.begin(), found.end(), path) == found.end())
        found.push_back(path);
    return found;
  };
}

// The file that is wanted by a name and gone does not make the name of another one ambiguous.
void drop_what_nobody_means(config::Config& config, const std::string& wanted) {
  const auto canonical = canonical_path(wanted);
  const auto is_gone = [&](const config::Database& each) {
    const auto there = stat_path(each.real_path);
    return each.name == wanted && !each.directory.empty() && there && !*there &&
           !(canonical && each.real_path == *canonical);
  };
  std::vector<config::Database>& all = config.databases;
  if (std::any_of(all.begin(), all.end(), [&](const config::Database& each) {
        return each.name == wanted && !is_gone(each);
      }))
    std::erase_if(all, is_gone);
}

std::vector<std::string> identities_of(const SetupOptions& options) {
  if (!options.identities.empty()) return options.identities;
  const char* named = secure_getenv("STREAMD_IDENTITY");
  if (named == nullptr || *named == '\0') return {};
  return {named};
}

Setup with_drivers(const SetupOptions& options, const config::Setting& driver_path) {
  Setup setup;
  setup.identities = identities_of(options);
  setup.drivers = std::make_unique<storage::Drivers>(driver_path.items);
  setup.context = config::process_context(options_of(*setup.drivers));
  return setup;
}

}  // namespace

const char* default_config() {
  return STREAMD_SYSCONFDIR "/streamd/streamd.toml";
}

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
  const config::Setting folders = driver_path(options, first.config);
  Setup setup = with_drivers(options, folders);
  setup.folder_files =
      std::make_unique<daemon::FolderFiles>(first.config.streamd.state_dir, system_clock());
  setup.context.files_of = files_of(*setup.folder_files, options.wanted);
  config::Loaded loaded = config::load(options.config, setup.context);
  setup.config = std::move(loaded.config);
  if (!options.wanted.empty()) drop_what_nobody_means(setup.config, options.wanted);
  setup.sources = std::move(loaded.sources);
  setup.written = setup.config.streamd_settings;
  setup.config.streamd.driver_path = folders.items;
  setup.config.streamd_settings["driver-path"] = folders;
  setup.problems = std::move(loaded.problems);
  check_faults(setup.config, setup.problems);
  check_keys(setup.config, setup.problems);
  return setup;
}

std::vector<daemon::FolderStatus> folder_status(const Setup& setup) {
  if (!setup.folder_files) return {};
  return setup.folder_files->status(setup.config.directories);
}

void check_faults(const config::Config& config, config::Problems& problems) {
  std::set<std::pair<std::string, int>> told;  // a storage's is that of all its replicas
  for (const config::Database& database : config.databases)
    for (const config::Replica& replica : database.replicas) {
      const auto faults = storage::parse_faults(replica.fault);
      const config::Origin& origin = replica.settings.find("fault")->second.origin;
      if (!faults && told.emplace(origin.file, origin.line).second)
        problems.error(origin, faults.error());
    }
}

void check_keys(const config::Config& config, config::Problems& problems) {
  std::set<std::pair<std::string, int>> told;
  for (const config::Database& database : config.databases)
    for (const config::Replica& replica : database.replicas) {
      const auto tell = [&](const char* option, const Error& error) {
        const config::Origin& origin = replica.settings.find(option)->second.origin;
        if (told.emplace(origin.file, origin.line).second) problems.error(origin, error);
      };
      for (const std::string& recipient : replica.recipients)
        if (const auto key = crypt::parse_public_key(recipient); !key)
          tell("recipients", key.error());
      if (replica.identity.empty()) continue;
      if (const auto opened = crypt::load_identities(replica.identity); !opened)
        tell("identity", opened.error());
    }
}

Setup setup_without_file(const SetupOptions& options) {
  config::Config config = config::default_config();
  Setup setup = with_drivers(options, driver_path(options, config));
  setup.config = std::move(config);
  return setup;
}

}  // namespace streamd::apps
