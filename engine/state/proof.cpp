#include "state/proof.h"

#include "base/file.h"
#include "base/json.h"

namespace streamd::state {
namespace {

std::optional<Error> failure_of(const Json& json) {
  if (json.is_null()) return std::nullopt;
  for (int number = 1; number <= static_cast<int>(Code::kDaemonNotRunning); ++number)
    if (const Code code = static_cast<Code>(number); json.string("code") == code_name(code))
      return make_error(code, json.string("message"), json.string("hint"));
  return make_error(Code::kInternal, json.string("message"), json.string("hint"));
}

}  // namespace

Proof load_proof(const std::string& path) {
  const auto raw = read_file(path, kMiB);
  if (!raw) return {};
  const auto json = Json::parse(as_text(*raw));
  Proof proof;
  if (!json || !parse_generation(json->string("generation"), proof.generation)) return {};
  proof.txid = Txid(static_cast<std::uint64_t>(json->integer("txid")));
  proof.seen = json->integer("time-us");
  proof.proven = json->integer("proven-us");
  proof.tried = json->integer("tried-us");
  proof.failure = failure_of(json->at("failure"));
  return proof;
}

Status save_proof(const std::string& path, const Proof& proof) {
  Json failure;
  if (proof.failure)
    failure = Json::object({{"code", code_name(proof.failure->code)},
                            {"message", proof.failure->message},
                            {"hint", proof.failure->hint}});
  const std::string text = Json::object({{"generation", to_text(proof.generation)},
                                         {"txid", proof.txid.value},
                                         {"time-us", proof.seen},
                                         {"proven-us", proof.proven},
                                         {"tried-us", proof.tried},
                                         {"failure", std::move(failure)}})
                               .print(2);
  return replace_file(path, as_bytes(text + "\n"));
}

}  // namespace streamd::state
