// What both programs begin with: the configuration and the drivers that it names.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "config/load.h"
#include "daemon/folder_files.h"
#include "storage/driver_library.h"

namespace streamd::apps {

// Where the example is installed: /etc/streamd/streamd.toml for programs built for /usr.
const char* default_config();

struct SetupOptions {
  std::string config = default_config();
  std::vector<std::string> driver_path;  // --driver-path; empty = not given
  // A database by path or name that a command is about: configured when it would belong to a
  // watched folder, though no such file is there.
  std::string wanted{};
  // Paths or keys that open encrypted backups: --identity, else $STREAMD_IDENTITY.
  std::vector<std::string> identities;
};

struct Setup {
  config::Config config;      // to be used only without errors in `problems`
  config::Problems problems;  // all of them
  config::Context context;    // borrows drivers and folder_files
  std::unique_ptr<storage::Drivers> drivers;
  std::unique_ptr<daemon::FolderFiles> folder_files;
  std::vector<config::SourceText> sources;  // the files, as they were read
  config::Settings written;  // [streamd] as the files have it, whatever the command line says
  std::vector<std::string> identities;  // of the options
};

// Reads the file, and asks the drivers in the folders of --driver-path, else of
// $STREAMD_DRIVER_PATH (separated by colons), else of the file, else where they are installed.
Setup load_setup(const SetupOptions& options);
// The same without a file: no databases, defaults.
Setup setup_without_file(const SetupOptions& options);

// The watched folders, as they were when last looked at.
std::vector<daemon::FolderStatus> folder_status(const Setup& setup);

// The option `fault` of every replica, which only engine/storage understands.
void check_faults(const config::Config& config, config::Problems& problems);
// The options `recipients` and `identity`, which only engine/crypt understands.
void check_keys(const config::Config& config, config::Problems& problems);

// Where `cmake --install` puts drivers: as built, and beside this program if it was moved.
std::vector<std::string> installed_driver_path();

}  // namespace streamd::apps
