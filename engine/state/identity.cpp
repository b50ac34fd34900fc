#include "state/identity.h"

#include "base/file.h"
#include "base/hash.h"
#include "base/json.h"

namespace streamd::state {

namespace {

std::string checksum_of(const Identity& identity) {
  const std::string all = to_text(identity.database) + to_text(identity.instance) +
                          to_text(identity.generation) + to_hex(identity.checksum_key.value, 16);
  return to_hex(xxh3(as_bytes(all)), 16);
}

}  // namespace

Result<std::optional<Identity>> load_identity(const std::string& path) {
  if (!TRY(stat_path(path))) return std::optional<Identity>{};
  const Bytes raw = TRY(read_file(path, kMiB));
  const Json json = TRY(Json::parse(as_text(raw)));
  Identity identity;
  const bool whole = parse_uuid(json.string("database"), identity.database) &&
                     parse_uuid(json.string("instance"), identity.instance) &&
                     parse_generation(json.string("generation"), identity.generation) &&
                     from_hex(json.string("checksum-key"), 16, identity.checksum_key.value) &&
                     json.string("checksum") == checksum_of(identity);
  if (!whole)
    return make_error(Code::kCorrupt, "read " + path + ": a member is missing or damaged");
  return std::optional(identity);
}

Status save_identity(const std::string& path, const Identity& identity) {
  const std::string text = Json::object({{"database", to_text(identity.database)},
                                         {"checksum-key", to_hex(identity.checksum_key.value, 16)},
                                         {"instance", to_text(identity.instance)},
                                         {"generation", to_text(identity.generation)},
                                         {"checksum", checksum_of(identity)}})
                               .print(2);
  return replace_file(path, as_bytes(text + "\n"));
}

}  // namespace streamd::state
