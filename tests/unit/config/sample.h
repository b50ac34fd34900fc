// Configurations for tests: drivers as data, an environment of one's own, text in, problems out.
#pragma once
#include <boost/test/unit_test.hpp>
#include <map>
#include <string>

#include "config/load.h"

// `file` has a path of its own, `s3` a bucket and secrets, `odd` nothing but a default of its own.
inline streamd::Result<std::vector<streamd::config::OptionSpec>> sample_driver(
    const std::string& name) {
  using streamd::config::OptionSpec;
  using streamd::config::OptionType;
  const auto option = [](const char* key, OptionType type, const char* default_value,
                         bool required = false, bool secret = false) {
    return OptionSpec{key, type, default_value, std::string("the ") + key, required, secret, {}, 0};
  };
  if (name == "file")
    return std::vector{option("path", OptionType::kPath, "", true),
                       option("fsync", OptionType::kBool, "true")};
  if (name == "s3")
    return std::vector{option("region", OptionType::kString, "us-east-1"),
                       option("bucket", OptionType::kString, "", true),
                       option("endpoint", OptionType::kString, ""),
                       option("access-key-id", OptionType::kString, "", false, true),
                       option("secret-access-key", OptionType::kString, "", false, true),
                       option("part-size", OptionType::kSize, "8MiB"),
                       option("connections", OptionType::kInt, "4"),
                       option("patience", OptionType::kDuration, "30s")};
  if (name == "odd") return std::vector{option("level", OptionType::kInt, "high")};
  return streamd::make_error(streamd::Code::kNotFound, "driver '" + name + "' not found",
                             "drivers found: file, s3");
}

class Sample {
 public:
  std::map<std::string, std::string> environment;
  streamd::config::DriverOptions drivers = sample_driver;

  streamd::config::Context context() const {
    return {drivers,
            [this](const std::string& name) -> std::optional<std::string> {
              const auto found = environment.find(name);
              return found == environment.end() ? std::nullopt
                                                : std::optional<std::string>(found->second);
            },
            "box"};
  }
  streamd::config::Loaded load(const std::string& text) const {
    return streamd::config::load_sources({{"t.toml", text}}, context());
  }
  // Of text that must have no problems.
  streamd::config::Config good(const std::string& text) const {
    auto loaded = load(text);
    BOOST_REQUIRE_MESSAGE(loaded.problems.all().empty(), check_report(loaded.problems));
    return std::move(loaded.config);
  }
  std::string report(const std::string& text) const { return check_report(load(text).problems); }
  // The report, of a database that is fine but for these lines.
  std::string report_with(const std::string& lines) const {
    return report("[[database]]\npath = \"/d/a.db\"\n" + lines +
                  "\n[[database.replica]]\ndriver = \"file\"\npath = \"/b\"\n");
  }
};

inline bool contains(const std::string& text, const std::string& part) {
  const bool found = text.find(part) != std::string::npos;
  if (!found) BOOST_TEST_MESSAGE("looked for: " << part << "\nin: " << text);
  return found;
}
