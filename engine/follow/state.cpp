#include "follow/state.h"

#include "base/bytes.h"
#include "base/file.h"
#include "base/json.h"
#include "wal/page.h"

namespace streamd::follow {
namespace {

constexpr std::int64_t kFormat = 1;
constexpr std::uint64_t kLimit = 64 * kKiB;

Json position_json(const Position& position) {
  return Json::object({{"generation", to_text(position.generation)},
                       {"txid", position.txid.value},
                       {"time-us", position.seen},
                       {"pages", position.pages},
                       {"checksum", to_hex(position.checksum, 16)}});
}

bool read_position(const Json& json, Position& out) {
  out.txid = Txid(static_cast<std::uint64_t>(json.integer("txid")));
  out.seen = json.integer("time-us");
  out.pages = static_cast<std::uint32_t>(json.integer("pages"));
  return parse_generation(json.string("generation"), out.generation) &&
         from_hex(json.string("checksum"), 16, out.checksum) && out.txid != Txid() &&
         out.pages != 0;
}

}  // namespace

std::string state_path(const std::string& copy) {
  return copy + "-follow";
}

std::string encode_state(const State& state) {
  Json json = Json::object({{"format", kFormat},
                            {"database", to_text(state.database)},
                            {"checksum-key", to_hex(state.checksum_key, 16)},
                            {"page-size", state.page_size},
                            {"at", position_json(state.at)}});
  if (state.next) json.set("next", position_json(*state.next));
  return json.print(2) + "\n";
}

Result<State> parse_state(const std::string& text) {
  const Error damaged =
      make_error(Code::kCorrupt, "it is damaged",
                 "remove it and restore the copy anew: streamctl restore --follow --force");
  const auto json = Json::parse(text);
  if (!json) return damaged;
  const std::int64_t format = json->integer("format");
  if (format > kFormat)
    return make_error(Code::kUnsupported, "a newer release has written it",
                      "use that release, or restore the copy anew with --force");
  State state;
  state.page_size = static_cast<std::uint32_t>(json->integer("page-size"));
  const bool whole = format == kFormat && parse_uuid(json->string("database"), state.database) &&
                     from_hex(json->string("checksum-key"), 16, state.checksum_key) &&
                     valid_page_size(state.page_size) && read_position(json->at("at"), state.at);
  if (!whole) return damaged;
  if (!json->at("next").is_null() && !read_position(json->at("next"), state.next.emplace()))
    return damaged;
  return state;
}

Result<std::optional<State>> load_state(const std::string& path) {
  const auto raw = read_file(path, kLimit);
  if (!raw && raw.error().code == Code::kNotFound) return std::optional<State>{};
  if (!raw) return raw.error();
  auto state = parse_state(std::string(as_text(*raw)));
  if (!state) return std::move(state.error()).with_context("read " + path);
  return std::optional(*state);
}

Status save_state(const std::string& path, const State& state) {
  return replace_file(path, as_bytes(encode_state(state)));
}

}  // namespace streamd::follow
