#include "catalog/marker.h"

#include <fmt/format.h>

#include "base/bytes.h"
#include "base/json.h"
#include "catalog/key.h"

namespace streamd::catalog {
std::string encode_marker(const Marker& marker) {
  Json json = Json::object();
  json.set("format", kReplicaFormat)
      .set("database", streamd::to_text(marker.database))
      .set("checksum-key", to_hex(marker.checksum_key, 16))
      .set("created", format_time(marker.created));
  return json.print(2) + "\n";
}

Result<Marker> parse_marker(std::string_view text) {
  const std::string name = to_text(MarkerKey{});
  Result<Json> json = Json::parse(text);
  if (!json) return std::move(json.error()).with_context("read " + name);
  const std::int64_t format = json->integer("format");
  if (format > kReplicaFormat)
    return make_error(Code::kUnsupported,
                      fmt::format("read {}: the replica has format {}, this release reads up to {}",
                                  name, format, kReplicaFormat),
                      "upgrade streamd on this machine");
  Marker marker;
  if (format < 1 || !parse_uuid(json->string("database"), marker.database) ||
      !from_hex(json->string("checksum-key"), 16, marker.checksum_key) ||
      !parse_time(json->string("created"), marker.created))
    return make_error(Code::kCorrupt, "read " + name + ": a field is missing or damaged",
                      "check that the path belongs to a replica of streamd");
  return marker;
}

}  // namespace streamd::catalog
