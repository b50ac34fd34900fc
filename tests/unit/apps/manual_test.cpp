// What is made from the declarations of a command line.
#include <boost/test/unit_test.hpp>

#include "apps/manual/completion.h"
#include "apps/manual/filled_in.h"
#include "apps/manual/man_page.h"
#include "apps/manual/roff.h"

using namespace streamd::apps;

namespace {

struct Sample {
  const Program app{"tool: does things", "tool"};
  std::string file, level = "low", database;
  bool fast = false;
  Sample() {
    app.add_option("-c,--config", file, "a file").type_name("FILE");
    const Command make = app.add_subcommand("make", "makes it");
    make.footer("\nExample:\n  tool make");
    make.add_option("--config", file, "a file").type_name("FILE");
    make.add_option("--level", level, "how [much]: it's yours")
        .one_of({"low", "high"})
        .type_name("low|high")
        .shows_default();
    make.add_flag("--fast", fast, "do not wait");
    make.add_option("database", database, "which").required().type_name("DB");
    app.add_subcommand("secret", "not shown").hide();
  }
};

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(manual)

BOOST_AUTO_TEST_CASE(a_command_line_is_described) {
  const Sample sample;
  const CommandDescription tool = describe(sample.app);
  BOOST_TEST(tool.words == "tool");
  BOOST_REQUIRE(tool.commands.size() == 1);  // hidden ones are left out
  const CommandDescription& make = tool.commands.front();
  BOOST_TEST(make.words == "tool make");
  BOOST_TEST(make.name() == "make");
  BOOST_REQUIRE(make.positionals.size() == 1);
  BOOST_TEST(make.positionals[0].required);
  BOOST_TEST(make.positionals[0].takes_database());
  const auto level = std::find_if(make.options.begin(), make.options.end(),
                                  [](const auto& each) { return each.names.front() == "--level"; });
  BOOST_REQUIRE((level != make.options.end()));
  BOOST_TEST(level->value == "low|high");
  BOOST_TEST(level->default_value == "low");
  BOOST_TEST(level->choices() == (std::vector<std::string>{"low", "high"}),
             boost::test_tools::per_element());
  BOOST_TEST(!level->takes_file());
  BOOST_TEST(flatten(tool).size() == 2U);
}

BOOST_AUTO_TEST_CASE(kinds_of_values) {
  OptionDescription option;
  option.value = "DB|URL";
  BOOST_TEST(option.choices().empty());
  BOOST_TEST(option.takes_database());
  option.value = "FILE";
  BOOST_TEST(option.takes_file());
  BOOST_TEST(!option.takes_database());
  option.value = "NAME";
  BOOST_TEST(!option.takes_file());
}

BOOST_AUTO_TEST_CASE(bash) {
  const std::string script = bash_completion(describe(Sample().app));
  BOOST_TEST(has(script, "'tool make --level') words=\"low high\" ;;"));
  BOOST_TEST(has(script, "'tool make') words=\"$(_tool_databases)\""));
  BOOST_TEST(has(script, "complete -o default -F _tool tool"));
  BOOST_TEST(!has(script, "secret"));
}

BOOST_AUTO_TEST_CASE(zsh) {
  const std::string script = zsh_completion(describe(Sample().app));
  BOOST_TEST(script.starts_with("#compdef tool\n"));
  BOOST_TEST(has(script, "'--level=[how \\[much\\]\\: it'\\''s yours]:low|high:(low high)'"));
  BOOST_TEST(has(script, "'-c+[a file]:FILE:_files'"));
  BOOST_TEST(has(script, "make) _tool_make ;;"));
}

BOOST_AUTO_TEST_CASE(fish) {
  const std::string script = fish_completion(describe(Sample().app));
  BOOST_TEST(has(script, "-l level -x -a 'low high' -d 'how [much]: it\\'s yours'"));
  BOOST_TEST(has(script, "-s c -l config -r -F -d 'a file'"));
  BOOST_TEST(has(script, "contains -- \"$reached $word\" 'tool' 'tool make';"));
}

BOOST_AUTO_TEST_CASE(roff_takes_any_text) {
  BOOST_TEST(roff(".a-b\\c\n'd") == "\\&.a\\-b\\ec\n\\&\\(aqd");
  BOOST_TEST(bold("a-b") == "\\fBa\\-b\\fR");
  BOOST_TEST(filled_in("X-XY", "X", "XX") == "XX-XXY");
}

BOOST_AUTO_TEST_CASE(pages) {
  const std::string page = command_page(describe(Sample().app), {1, {"Text."}, {}, {}, "other(1)"});
  BOOST_TEST(has(page, ".TH TOOL 1 "));
  BOOST_TEST(has(page, "tool \\- does things\n"));
  BOOST_TEST(has(page, ".SS \\fBtool make\\fR \\fIDB\\fR\nmakes it.\n"));
  BOOST_TEST(has(page, "(default: low)"));
  BOOST_TEST(has(page, "Also \\-\\-help, \\-\\-config."));
  BOOST_TEST(has(page, "\\fB40\\fR\nconfiguration wrong\n"));
  const std::string toml = configuration_page();
  for (const char* option : {"sync\\-interval", "shutdown\\-timeout", "restore\\-missing"})
    BOOST_TEST(has(toml, std::string("\\fB") + option + "\\fR"));
}

BOOST_AUTO_TEST_SUITE_END()
