// A generation's key in the local state: with it the daemon goes on, and reads what it wrote,
// without any identity.
#pragma once
#include <memory>
#include <string>

#include "crypt/generation_key.h"

namespace streamd::crypt {

struct HeldKey {
  std::shared_ptr<const GenerationKey> key;
  WrappedKey wrapped;  // as it lies, or will lie, in the replica
};

// "<generation>-<key id>"
std::string key_file_name(const GenerationKey& key);
// Durable, mode 0600.
Status write_key_file(const std::string& path, const HeldKey& held);
// kCorrupt when it is damaged.
Result<HeldKey> read_key_file(const std::string& path);

}  // namespace streamd::crypt
