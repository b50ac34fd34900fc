// The keys of one replica: which generations are encrypted, to whom, and with what they are opened.
// A generation is encrypted as a whole or not at all, which is known by keys/ of it.
#pragma once
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "crypt/key_file.h"
#include "storage/store.h"

namespace streamd::crypt {

struct KeyringSetup {
  std::string folder;                 // of key files in the local state; empty = there is none
  std::vector<PublicKey> recipients;  // of generations that begin; empty = not encrypted
  std::vector<Identity> identities;   // to read what the folder has no key for
};

// Any thread.
class Keyring {
 public:
  using KeyPtr = std::shared_ptr<const GenerationKey>;

  // Key files that cannot be read are as good as lost, and said in the log.
  static Result<std::shared_ptr<Keyring>> open(KeyringSetup setup);

  bool encrypts() const { return !setup_.recipients.empty(); }
  std::vector<std::string> recipient_names() const;  // sorted
  // The generation is encrypted to exactly the recipients of the configuration, and we can go on
  // writing to it. As far as is known here; asks no store.
  bool fits(GenerationId generation) const;
  // A new generation: its key is made and durable in the folder. Nothing without recipients.
  Status begin(GenerationId generation, const Uuid& database);
  // Puts the wrapped keys of the generation that are held where readers find them, unless they are
  // there as they were put. Before the first object. True when one was put.
  Result<bool> publish(storage::Store& store, GenerationId generation,
                       const storage::Call& call) const;
  std::vector<KeyId> held_ids(GenerationId generation) const;
  // Whether the object brings its key to the recipients, as far as it can be known here: by what
  // was put, or by the identities. kNotFound, kCorrupt; the store's.
  Status check(storage::Store& store, GenerationId generation, const KeyId& id,
               const storage::Call& call) const;

  // All keys of the replica that are held, or that the identities open, into a folder: of a local
  // state that a restore has just made. To be called when the replica was listed.
  Status keep(storage::Store& store, const std::string& folder, const storage::Call& call);

  // For EncryptedStore; `plain` is the store below it.
  void learn(GenerationId generation, bool encrypted);
  Result<bool> encrypted(storage::Store& plain, GenerationId generation, const storage::Call& call);
  bool holds(GenerationId generation) const;                        // some key of it
  KeyPtr held_key(GenerationId generation, const KeyId& id) const;  // nullptr = not at hand
  // nullptr = the generation is not encrypted. kAuth.
  Result<KeyPtr> writing_key(storage::Store& plain, GenerationId generation,
                             const storage::Call& call);
  // kAuth; kCorrupt when the key's object is missing or damaged.
  Result<KeyPtr> reading_key(storage::Store& plain, GenerationId generation, const KeyId& id,
                             const storage::Call& call);

 private:
  explicit Keyring(KeyringSetup setup) : setup_(std::move(setup)) {}
  Status load();
  std::optional<bool> known(GenerationId generation) const;
  std::vector<HeldKey> held(GenerationId generation) const;
  void hold(HeldKey held);
  bool any_encrypted() const;

  const KeyringSetup setup_;
  mutable std::mutex mutex_;
  std::map<std::pair<GenerationId, KeyId>, HeldKey> held_;
  std::map<GenerationId, bool> encrypted_;  // as listings have shown
};

}  // namespace streamd::crypt
