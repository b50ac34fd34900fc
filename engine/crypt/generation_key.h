// The symmetric key of a generation in one replica, and the object that brings it to those who may
// read: keys/<key id> (docs/formats/encrypted.md).
#pragma once
#include <array>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/key.h"
#include "crypt/identity.h"

namespace streamd::crypt {

using catalog::KeyId;
using SecretKey = std::array<std::uint8_t, 32>;

// Its memory is cleared when it goes. Not copied: shared by pointer.
class GenerationKey {
 public:
  GenerationKey(GenerationId generation, const Uuid& database, const SecretKey& secret);
  ~GenerationKey();
  GenerationKey(const GenerationKey&) = delete;
  GenerationKey& operator=(const GenerationKey&) = delete;

  GenerationId generation() const { return generation_; }
  const Uuid& database() const { return database_; }
  // Follows from the secret, the generation and the database: a key that was moved to another place
  // shows.
  const KeyId& id() const { return id_; }
  const SecretKey& secret() const { return secret_; }

 private:
  GenerationId generation_;
  Uuid database_;
  SecretKey secret_;
  KeyId id_{};
};

// What lies in keys/<key id>.
struct WrappedKey {
  GenerationId generation{};
  Uuid database{};
  std::map<std::string, Bytes> recipients;  // name of a public key → the secret, sealed to it
  bool operator==(const WrappedKey&) const = default;
};

WrappedKey wrap(const GenerationKey& key, const std::vector<PublicKey>& recipients);
std::string encode(const WrappedKey& wrapped);  // JSON
// kCorrupt, kUnsupported for a newer format; `key` is its name in the replica.
Result<WrappedKey> parse_wrapped(std::string_view text, const std::string& key);
// kAuth when it is sealed to none of the identities, naming those it is sealed to; kCorrupt when it
// is not the key that `id` names.
Result<std::shared_ptr<const GenerationKey>> unwrap(const WrappedKey& wrapped, const KeyId& id,
                                                    const std::vector<Identity>& identities);

}  // namespace streamd::crypt
