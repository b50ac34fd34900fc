// One table of the file against the options that are known there.
#pragma once
#include <functional>
#include <optional>
#include <set>
#include <span>
#include <string>

#include "config/document.h"
#include "config/interpolate.h"
#include "config/model.h"
#include "config/schema.h"

namespace streamd::config {

// What reading depends on, from outside of the files.
struct Context {
  // Without it drivers are not asked, and their options are taken as they are.
  DriverOptions driver_options;
  Environment environment = process_environment();
  std::string host;  // for {host}
  // The databases of a watched folder at this moment, by path; without it there are none.
  std::function<std::vector<std::string>(const Directory&)> files_of{};
};
Context process_context(DriverOptions driver_options);  // with this machine's name

// What reading leaves behind.
struct Reading {
  const Context& context;
  Problems& problems;
  std::set<std::string> files_with_secrets;  // with a secret written out
};

// The value of one option; nullopt after a problem was noted.
std::optional<Setting> read_value(const OptionSpec& option, const Node& node, Reading& reading);
// Likewise from text, normalized; the command line and defaults have nothing else.
Result<Setting> value_from_text(const OptionSpec& option, const std::string& text,
                                const Origin& origin);
Setting default_of(const OptionSpec& option);

// The members of `table` that are among `options`; others, but for those in `also`, are problems.
// `title` names the table in messages: "[log]".
Settings read_section(const Table& table, const std::string& title,
                      std::span<const OptionSpec> options, std::span<const std::string> also,
                      Reading& reading);

// Whether `table` has something that was probably meant as this option, so that its absence needs
// no word of its own: a value that was refused, or a key that is not known and nearest to its name.
bool was_meant(const Table& table, std::string_view option, std::span<const OptionSpec> options);

std::vector<OptionSpec> options_at(Place place);
bool is_url(const Node& node);  // a string like file:///backups/app

// Typed looks at settings that were read; the option must be there.
const std::string& text_of(const Settings& settings, std::string_view option);
std::int64_t number_of(const Settings& settings, std::string_view option);  // 0 when empty
milliseconds duration_of(const Settings& settings, std::string_view option);
bool flag_of(const Settings& settings, std::string_view option);

}  // namespace streamd::config
