#include "apps/declaration.h"

#include <CLI/CLI.hpp>
#include <optional>
#include <utility>

namespace streamd::apps {

Option Option::type_name(const std::string& name) const {
  return Option(*option_->type_name(name));
}

Option Option::required() const {
  return Option(*option_->required());
}

Option Option::one_of(std::vector<std::string> values) const {
  return Option(*option_->check(CLI::IsMember(std::move(values))));
}

Option Option::between(unsigned least, unsigned most) const {
  return Option(*option_->check(CLI::Range(least, most)));
}

Option Option::excludes(Option other) const {
  return Option(*option_->excludes(other.option_));
}

Option Option::needs(Option other) const {
  return Option(*option_->needs(other.option_));
}

Option Option::envname(const std::string& variable) const {
  return Option(*option_->envname(variable));
}

Option Option::shows_default() const {
  return Option(*option_->capture_default_str());
}

Option Option::one_value_at_a_time() const {
  return Option(*option_->allow_extra_args(false));
}

template <class Value>
Option Command::add_option(const std::string& names, Value& value, const std::string& help) const {
  return Option(*app_->add_option(names, value, help));
}
template Option Command::add_option(const std::string&, std::string&, const std::string&) const;
template Option Command::add_option(const std::string&, std::optional<std::string>&,
                                    const std::string&) const;
template Option Command::add_option(const std::string&, std::vector<std::string>&,
                                    const std::string&) const;
template Option Command::add_option(const std::string&, unsigned&, const std::string&) const;
template Option Command::add_option(const std::string&, std::optional<unsigned>&,
                                    const std::string&) const;

Option Command::add_flag(const std::string& names, bool& value, const std::string& help) const {
  return Option(*app_->add_flag(names, value, help));
}

Command Command::add_subcommand(const std::string& name, const std::string& description) const {
  const Command command(*app_->add_subcommand(name, description));
  command.help();
  return command;
}

void Command::require_subcommand() const {
  app_->require_subcommand(1);
}

void Command::footer(const std::string& text) const {
  app_->footer(text);
}

void Command::version(const std::string& text) const {
  app_->set_version_flag("--version", text, "print the version and exit");
}

void Command::help() const {
  app_->set_help_flag("-h,--help", "print this and exit");
}

void Command::hide() const {
  app_->group("");
}

void Command::callback(std::function<void()> given) const {
  app_->callback(std::move(given));
}

Program::Program(const std::string& description, const std::string& name)
    : Command(*new CLI::App(description, name)) {}

Program::~Program() {
  delete &app();
}

}  // namespace streamd::apps
