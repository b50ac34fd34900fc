// How the programs declare their commands and options. CLI11 is behind it: its header takes a
// compiler ten seconds, and only what reads a whole command line includes it.
#pragma once
#include <functional>
#include <string>
#include <vector>

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace streamd::apps {

// An option or positional argument that is being declared. A handle: it belongs to its command.
class Option {
 public:
  explicit Option(CLI::Option& option) : option_(&option) {}
  Option type_name(const std::string& name) const;  // stands for the value in the help
  Option required() const;
  Option one_of(std::vector<std::string> values) const;
  Option between(unsigned least, unsigned most) const;
  Option excludes(Option other) const;
  Option needs(Option other) const;
  Option envname(const std::string& variable) const;  // says the value when nobody else does
  Option shows_default() const;                       // the present value is in the help
  Option one_value_at_a_time() const;  // of a list: what follows the value is another argument

 private:
  CLI::Option* option_;
};

// A command. A handle.
class Command {
 public:
  explicit Command(CLI::App& app) : app_(&app) {}
  CLI::App& app() const { return *app_; }

  // `names` as "-o,--output"; without dashes it is positional. `value` must live until the command
  // line was read. Values are text, lists of it, optional text and numbers: see declaration.cpp.
  template <class Value>
  Option add_option(const std::string& names, Value& value, const std::string& help = "") const;
  Option add_flag(const std::string& names, bool& value, const std::string& help) const;

  // With --help.
  Command add_subcommand(const std::string& name, const std::string& description) const;
  void require_subcommand() const;
  void footer(const std::string& text) const;   // examples and remarks, below the help
  void version(const std::string& text) const;  // what --version prints
  void help() const;                            // -h, --help
  void hide() const;                            // neither the help nor the manual has it
  // Called when this command was given and everything is right.
  void callback(std::function<void()> given) const;

 private:
  CLI::App* app_;
};

// The program itself; what is declared for it must live as long as it.
class Program : public Command {
 public:
  Program(const std::string& description, const std::string& name);
  ~Program();
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;
};

}  // namespace streamd::apps
