#include "catalog/writer.h"

#include <fmt/format.h>

#include "base/json.h"

namespace streamd::catalog {
namespace {

constexpr std::int64_t kFormat = 1;

}  // namespace

std::string encode_writer(const Writer& writer) {
  Json json = Json::object();
  json.set("format", kFormat)
      .set("claim", streamd::to_text(writer.claim))
      .set("instance", streamd::to_text(writer.instance))
      .set("host", writer.host)
      .set("path", writer.path)
      .set("boot", writer.boot)
      .set("lock", writer.lock)
      .set("generation", streamd::to_text(writer.generation))
      .set("since", format_time(writer.since));
  return json.print(2) + "\n";
}

Result<Writer> parse_writer(std::string_view text, const std::string& name) {
  Result<Json> json = Json::parse(text);
  if (!json) return std::move(json.error()).with_context("read " + name);
  const std::int64_t format = json->integer("format");
  if (format > kFormat)
    return make_error(Code::kUnsupported,
                      fmt::format("read {}: it has format {}, this release reads up to {}", name,
                                  format, kFormat),
                      "upgrade streamd on this machine");
  Writer writer;
  writer.host = json->string("host");
  writer.path = json->string("path");
  writer.boot = json->string("boot");
  writer.lock = json->string("lock");
  if (format < 1 || !parse_uuid(json->string("claim"), writer.claim) ||
      !parse_uuid(json->string("instance"), writer.instance) ||
      !parse_generation(json->string("generation"), writer.generation) ||
      !parse_time(json->string("since"), writer.since))
    return make_error(Code::kCorrupt, "read " + name + ": a field is missing or damaged");
  return writer;
}

}  // namespace streamd::catalog
