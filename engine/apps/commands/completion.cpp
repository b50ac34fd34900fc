// streamctl completion SHELL, and streamctl manual PAGE for the build: what is made from the
// declarations of both programs.
#include <fmt/core.h>

#include "apps/commands/command.h"
#include "apps/manual/completion.h"
#include "apps/manual/man_page.h"
#include "apps/streamd_options.h"
#include "daemon/exit_code.h"

namespace streamd::apps {
namespace {

CommandDescription describe_streamd() {
  StreamdOptions options;
  const Program program("streamd: continuous backup of SQLite databases", "streamd");
  declare_streamd(program, options);
  return describe(program);
}

int print_completion(const CommandDescription& program, const std::string& shell) {
  fmt::print("{}", shell == "bash"  ? bash_completion(program)
                   : shell == "zsh" ? zsh_completion(program)
                                    : fish_completion(program));
  return daemon::kExitDone;
}

const std::vector<std::pair<std::string, std::string>> kFiles{
    {default_config(), "The configuration, see streamd.toml(5)."},
    {"/run/streamd/control.sock", "The control socket of the daemon."}};

std::string streamctl_page(const Command& app) {
  return command_page(
      describe(app),
      {1,
       {"Brings databases back from their replicas, shows what replicas hold and how replication "
        "goes, and talks to a running streamd(8). Results go to standard output; an error is one "
        "line on standard error with a hint below.",
        "DB is a configured path or name, URL a replica as file:///backups/app or "
        "s3://bucket/prefix. Without a configuration file a URL is all that is needed to restore."},
       {{"STREAMD_CONFIG", "The configuration file."},
        {"STREAMD_DRIVER_PATH", "Folders of drivers, separated by colons."},
        {"STREAMD_CONTROL", "The control socket."},
        {"STREAMD_IDENTITY", "A file of `streamctl keygen`, or the key itself."}},
       kFiles,
       "streamd(8), streamd.toml(5), streamd-driver(7)"});
}

std::string streamd_page() {
  return command_page(
      describe_streamd(),
      {8,
       {"Follows live SQLite databases through their write-ahead log, captures every committed "
        "transaction, and hands it to one or more replicas. Nothing is written into the databases.",
        "Without DB the databases of the configuration are followed. As a service: streamd.service "
        "runs as the user streamd with the system's configuration, streamd@USER.service as USER "
        "with USER/streamd.toml in the configuration's folder."},
       {{"STREAMD_CONFIG", "The configuration file."},
        {"STREAMD_DRIVER_PATH", "Folders of drivers, separated by colons."},
        {"STREAMD_CONTROL", "The control socket."},
        {"STREAMD_IDENTITY", "A file of `streamctl keygen`, or the key itself."},
        {"STREAMD_LOG_LEVEL", "Least important events that are logged."},
        {"STREAMD_HTTP", "Address of metrics, health and the status page."}},
       kFiles,
       "streamctl(1), streamd.toml(5), streamd-driver(7)"});
}

}  // namespace

void add_completion(const Command& app, Session& session) {
  const Command command =
      app.add_subcommand("completion", "script that completes words in a shell");
  command.footer("\nExample:\n  streamctl completion bash > /etc/bash_completion.d/streamctl");
  const auto shell = std::make_shared<std::string>();
  const auto program = std::make_shared<std::string>("streamctl");
  command.add_option("shell", *shell, "the shell")
      .required()
      .one_of({"bash", "zsh", "fish"})
      .type_name("bash|zsh|fish");
  command.add_option("program", *program, "for this one; else streamctl")
      .one_of({"streamctl", "streamd"})
      .type_name("streamctl|streamd");
  command.callback([app, &session, shell, program] {
    session.run = [app, shell, program]() -> Result<int> {
      return print_completion(*program == "streamd" ? describe_streamd() : describe(app), *shell);
    };
  });
}

void add_manual(const Command& app, Session& session) {
  const Command command = app.add_subcommand("manual", "a man page, for the build");
  command.hide();
  const auto page = std::make_shared<std::string>();
  command.add_option("page", *page)
      .required()
      .one_of({"streamctl.1", "streamd.8", "streamd.toml.5"});
  command.callback([app, &session, page] {
    session.run = [app, page]() -> Result<int> {
      fmt::print("{}", *page == "streamctl.1" ? streamctl_page(app)
                       : *page == "streamd.8" ? streamd_page()
                                              : configuration_page());
      return daemon::kExitDone;
    };
  });
}

}  // namespace streamd::apps
