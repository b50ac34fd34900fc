#include "crypt/generation_key.h"

#include <fmt/format.h>
#include <sodium.h>

#include "base/json.h"

namespace streamd::crypt {
namespace {

constexpr std::int64_t kFormat = 1;
constexpr std::string_view kIdOf = "streamd key id";
constexpr std::size_t kSealed = crypto_box_SEALBYTES + std::tuple_size_v<SecretKey>;

void update(crypto_generichash_state& state, ByteView bytes) {
  crypto_generichash_update(&state, bytes.data(), bytes.size());
}

std::string names_of(const WrappedKey& wrapped) {
  std::vector<std::string> names;
  for (const auto& [name, sealed] : wrapped.recipients) names.push_back(name);
  return fmt::format("{}", fmt::join(names, ", "));
}

}  // namespace

GenerationKey::GenerationKey(GenerationId generation, const Uuid& database, const SecretKey& secret)
    : generation_(generation), database_(database), secret_(secret) {
  initialise();
  Bytes place;
  append_le(place, generation.value);
  append(place, database.bytes);
  crypto_generichash_state state;
  crypto_generichash_init(&state, secret_.data(), secret_.size(), id_.size());
  update(state, as_bytes(kIdOf));
  update(state, place);
  crypto_generichash_final(&state, id_.data(), id_.size());
}

GenerationKey::~GenerationKey() {
  sodium_memzero(secret_.data(), secret_.size());
}

WrappedKey wrap(const GenerationKey& key, const std::vector<PublicKey>& recipients) {
  WrappedKey wrapped{key.generation(), key.database(), {}};
  for (const PublicKey& recipient : recipients) {
    Bytes sealed(kSealed);
    crypto_box_seal(sealed.data(), key.secret().data(), key.secret().size(),
                    recipient.bytes.data());
    wrapped.recipients[name_of(recipient)] = std::move(sealed);
  }
  return wrapped;
}

std::string encode(const WrappedKey& wrapped) {
  Json recipients = Json::array();
  for (const auto& [name, sealed] : wrapped.recipients)
    recipients.push(Json::object({{"recipient", name}, {"key", to_hex(sealed)}}));
  return Json::object({{"format", kFormat},
                       {"database", to_text(wrapped.database)},
                       {"generation", to_text(wrapped.generation)},
                       {"recipients", std::move(recipients)}})
             .print(2) +
         "\n";
}

Result<WrappedKey> parse_wrapped(std::string_view text, const std::string& key) {
  const auto json = Json::parse(text);
  if (!json) return make_error(Code::kCorrupt, "read object " + key + ": it is no JSON");
  if (json->integer("format") > kFormat)
    return make_error(Code::kUnsupported, "read object " + key + ": its format is newer than ours",
                      "use a newer streamd");
  WrappedKey wrapped;
  bool whole = json->integer("format") == kFormat &&
               parse_uuid(json->string("database"), wrapped.database) &&
               parse_generation(json->string("generation"), wrapped.generation);
  for (const Json& each : json->at("recipients").items()) {
    Bytes sealed(kSealed);
    whole = whole && from_hex(each.string("key"), sealed);
    wrapped.recipients[each.string("recipient")] = std::move(sealed);
  }
  if (!whole || wrapped.recipients.empty())
    return make_error(Code::kCorrupt, "read object " + key + ": a member is missing or damaged");
  return wrapped;
}

Result<std::shared_ptr<const GenerationKey>> unwrap(const WrappedKey& wrapped, const KeyId& id,
                                                    const std::vector<Identity>& identities) {
  const std::string generation = "generation " + to_text(wrapped.generation);
  bool ours = false;
  for (const Identity& identity : identities) {
    const auto found = wrapped.recipients.find(name_of(identity.public_key()));
    if (found == wrapped.recipients.end()) continue;
    ours = true;
    SecretKey secret{};
    if (crypto_box_seal_open(secret.data(), found->second.data(), found->second.size(),
                             identity.public_key().bytes.data(), identity.secret().data()) != 0)
      continue;
    auto key = std::make_shared<const GenerationKey>(wrapped.generation, wrapped.database, secret);
    sodium_memzero(secret.data(), secret.size());
    if (key->id() == id) return std::shared_ptr<const GenerationKey>(std::move(key));
  }
  if (ours)
    return make_error(Code::kCorrupt,
                      "the key of " + generation + " is damaged or of another place");
  if (identities.empty())
    return make_error(
        Code::kAuth, generation + " is encrypted and no identity was given",
        "--identity FILE, or STREAMD_IDENTITY; it is encrypted to " + names_of(wrapped));
  std::vector<std::string> given;
  for (const Identity& identity : identities) given.push_back(name_of(identity.public_key()));
  return make_error(Code::kAuth,
                    fmt::format("{} is encrypted to {}, and the identity given is {}", generation,
                                names_of(wrapped), fmt::join(given, ", ")),
                    "`streamctl keygen --public FILE` says which one a file holds");
}

}  // namespace streamd::crypt
