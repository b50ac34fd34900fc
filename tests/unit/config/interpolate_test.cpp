#include "config/interpolate.h"

#include <boost/test/unit_test.hpp>

#include "base/file.h"
#include "sample.h"
#include "temp_folder.h"

using namespace streamd;
using namespace streamd::config;

namespace {

const Environment kEnvironment = [](const std::string& name) -> std::optional<std::string> {
  if (name == "KEY") return "secret";
  if (name == "EMPTY") return "";
  if (name == "TRICKY") return "file:/etc/passwd ${KEY} \"\n";
  return std::nullopt;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(interpolation)

BOOST_AUTO_TEST_CASE(variables) {
  const auto text = [](const char* written) { return interpolate(written, kEnvironment).value(); };
  BOOST_TEST(text("plain") == "plain");
  BOOST_TEST(text("${KEY}") == "secret");
  BOOST_TEST(text("a${KEY}b${KEY}c") == "asecretbsecretc");
  BOOST_TEST(text("${UNSET:-default}") == "default");
  BOOST_TEST(text("${EMPTY:-default}") == "default");
  BOOST_TEST(text("${EMPTY}") == "");
  BOOST_TEST(text("${KEY:-default}") == "secret");
  BOOST_TEST(text("${UNSET:-}") == "");
  BOOST_TEST(text("$${KEY} costs 5$$") == "${KEY} costs 5$");
}

BOOST_AUTO_TEST_CASE(what_is_wrong_is_named) {
  const auto error = [](const char* written) { return interpolate(written, kEnvironment).error(); };
  BOOST_TEST(error("${UNSET}").message == "environment variable UNSET is not set");
  BOOST_TEST(error("${UNSET}").hint == "set it, or give a default: ${UNSET:-...}");
  BOOST_TEST(contains(error("${KEY").message, "without '}'"));
  BOOST_TEST(contains(error("5$").message, "starts nothing"));
  BOOST_TEST(contains(error("$KEY").message, "starts nothing"));
  for (const char* written : {"${}", "${1A}", "${A B}", "${:-x}", "${A-x}"})
    BOOST_TEST(contains(error(written).message, "names no environment variable"));
}

BOOST_AUTO_TEST_CASE(values_from_files) {
  const TempFolder folder;
  BOOST_REQUIRE(replace_file(folder.file("key"), as_bytes("from ${KEY}\r\n")).has_value());
  const auto value = resolve_value("file:" + folder.file("key"), kEnvironment);
  BOOST_REQUIRE(value.has_value());
  BOOST_TEST(value->text == "from ${KEY}");  // not interpolated again
  BOOST_TEST(!value->literal);
  BOOST_TEST(contains(resolve_value("file:key", kEnvironment).error().message, "absolute"));
  BOOST_TEST(
      (resolve_value("file:" + folder.file("none"), kEnvironment).error().code == Code::kNotFound));
}

BOOST_AUTO_TEST_CASE(values_from_credentials) {
  const TempFolder folder;
  BOOST_REQUIRE(replace_file(folder.file("s3-key"), as_bytes("sesame")).has_value());
  const Environment systemd = [&](const std::string& name) -> std::optional<std::string> {
    return name == "CREDENTIALS_DIRECTORY" ? std::optional(folder.path()) : std::nullopt;
  };
  BOOST_TEST(resolve_value("credential:s3-key", systemd)->text == "sesame");
  BOOST_TEST(!resolve_value("credential:other", systemd).has_value());
  BOOST_TEST(contains(resolve_value("credential:a/b", systemd).error().message, "names no"));
  BOOST_TEST(!resolve_value("credential:", systemd).has_value());
  BOOST_TEST(contains(resolve_value("credential:x", kEnvironment).error().message,
                      "CREDENTIALS_DIRECTORY is not set"));
}

BOOST_AUTO_TEST_CASE(a_variable_cannot_reach_across_the_syntax) {
  const auto tricky = resolve_value("${TRICKY}", kEnvironment);
  BOOST_TEST(tricky->text == "file:/etc/passwd ${KEY} \"\n");
  BOOST_TEST(!tricky->literal);
  BOOST_TEST(resolve_value("literal", kEnvironment)->literal);
}

BOOST_AUTO_TEST_CASE(the_environment_of_the_process) {
  BOOST_REQUIRE(setenv("STREAMD_TEST_VARIABLE", "x", 1) == 0);
  BOOST_TEST(process_environment()("STREAMD_TEST_VARIABLE").value() == "x");
  BOOST_REQUIRE(unsetenv("STREAMD_TEST_VARIABLE") == 0);
  BOOST_TEST(!process_environment()("STREAMD_TEST_VARIABLE").has_value());
}

BOOST_AUTO_TEST_SUITE_END()
