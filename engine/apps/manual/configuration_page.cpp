#include "apps/manual/man_page.h"
#include "apps/manual/roff.h"
#include "apps/setup.h"
#include "config/schema.h"

namespace streamd::apps {
namespace {

using config::OptionSpec;

// An option is described where it is most at home: at the innermost place that may have it.
struct Chapter {
  std::uint32_t place;
  const char* heading;
  const char* text;
};
constexpr Chapter kChapters[] = {
    {config::kStreamd, "[streamd]", "The daemon."},
    {config::kLog, "[log]", "Logging, to standard error."},
    {config::kDatabase, "[[database]]", "One database. Its replicas are in [[database.replica]]."},
    {config::kReplica | config::kStorage, "[[database.replica]], [storage.NAME]",
     "One replica, or storage that several databases share. Beside these stand the options of the "
     "driver, which `streamctl drivers show NAME` lists. Most may also be written once for all in "
     "[defaults] or for a database; a replica takes each from the nearest place that has it."},
};

constexpr std::uint32_t home_of(std::uint32_t places) {
  for (const Chapter& chapter : {kChapters[3], kChapters[2], kChapters[1], kChapters[0]})
    if ((places & chapter.place) != 0) return chapter.place;
  return 0;
}

std::string option_item(const OptionSpec& spec) {
  std::string kind;
  for (const std::string& value : spec.values) kind += (kind.empty() ? "" : "|") + value;
  if (kind.empty()) kind = config::type_name(spec.type);
  std::string text = spec.help + ".";
  if (!spec.default_value.empty()) text += " Default: " + spec.default_value + ".";
  const std::string places = config::places_text(spec.places);
  if (places.find(',') != std::string::npos) text += " May be in: " + places + ".";
  return item(bold(spec.name) + " = " + italic(kind), text);
}

}  // namespace

std::string configuration_page() {
  std::string page = title("streamd.toml", 5, "configuration of streamd and streamctl");
  page += heading("SYNOPSIS") + roff(default_config()) + "\n.br\n" +
          roff("conf.d/*.toml beside it") + "\n";
  page += heading("DESCRIPTION");
  page += paragraph(
      "A file in TOML. The files conf.d/*.toml in the folder beside it are read after it, in the "
      "order of their names; later ones win in [streamd], [log] and [defaults], databases and "
      "storages add up. `streamctl config check` says everything that is wrong at once, "
      "`streamctl config show --origin` what is in effect and where it comes from.");
  page += verbatim(
      "[[database]]\npath = \"/data/app.db\"\n  [[database.replica]]\n  driver = \"file\"\n"
      "  path   = \"/backups/app\"");
  page += heading("VALUES");
  page += paragraph(
      "Durations have units: 500ms, 90s, 1h30m, 7d, 2w. Sizes too: 512B, 64KiB, 2GiB, and kB, MB, "
      "GB in powers of ten. Paths are absolute. Unknown keys are errors.");
  page += item(bold("${NAME}") + ", " + bold("${NAME:-default}"),
               "An environment variable, in a value. $$ is a dollar sign.");
  page += item(bold("file:") + italic("PATH"), "The content of a file, for secrets.");
  page += item(bold("credential:") + italic("NAME"),
               "A credential of systemd (LoadCredential= in the unit), for secrets.");
  page += heading("OPTIONS");
  for (const Chapter& chapter : kChapters) {
    page += subheading(roff(chapter.heading)) + roff(chapter.text) + "\n";
    for (const OptionSpec& spec : config::engine_options())
      if (home_of(spec.places) == chapter.place) page += option_item(spec);
  }
  return page + heading("SEE ALSO") +
         "streamd(8), streamctl(1), streamd\\-driver(7), systemd.exec(5)\n";
}

}  // namespace streamd::apps
