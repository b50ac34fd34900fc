#include "crypt/keyring.h"

#include <sodium.h>

#include <algorithm>

#include "base/file.h"
#include "base/hash.h"
#include "base/log.h"

namespace streamd::crypt {
namespace {

constexpr std::uint64_t kWrappedLimit = kMiB;

std::string name_in_replica(GenerationId generation, const KeyId& id) {
  return catalog::to_text(catalog::KeysKey{generation, id});
}

std::vector<std::string> names_of(const WrappedKey& wrapped) {
  std::vector<std::string> names;
  for (const auto& [name, sealed] : wrapped.recipients) names.push_back(name);
  return names;  // a map's: sorted
}

}  // namespace

Result<std::shared_ptr<Keyring>> Keyring::open(KeyringSetup setup) {
  initialise();
  std::shared_ptr<Keyring> keyring(new Keyring(std::move(setup)));
  TRY(keyring->load());
  return keyring;
}

Status Keyring::load() {
  if (setup_.folder.empty() || !TRY(stat_path(setup_.folder))) return {};
  for (const std::string& name : TRY(list_folder(setup_.folder))) {
    auto held = read_key_file(join_path(setup_.folder, name));
    if (held)
      hold(std::move(*held));
    else if (held.error().code == Code::kCorrupt)
      log_error_event(LogLevel::kWarn, "a key of the local state is lost", held.error());
    else
      return held.error();
  }
  return {};
}

std::vector<std::string> Keyring::recipient_names() const {
  std::vector<std::string> names;
  for (const PublicKey& recipient : setup_.recipients) names.push_back(name_of(recipient));
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

void Keyring::hold(HeldKey held) {
  const std::lock_guard lock(mutex_);
  const std::pair id(held.key->generation(), held.key->id());
  held_[id] = std::move(held);
}

std::vector<HeldKey> Keyring::held(GenerationId generation) const {
  const std::lock_guard lock(mutex_);
  std::vector<HeldKey> found;
  for (auto at = held_.lower_bound({generation, KeyId{}});
       at != held_.end() && at->first.first == generation; ++at)
    found.push_back(at->second);
  return found;
}

bool Keyring::holds(GenerationId generation) const {
  return !held(generation).empty();
}

Keyring::KeyPtr Keyring::held_key(GenerationId generation, const KeyId& id) const {
  const std::lock_guard lock(mutex_);
  const auto found = held_.find({generation, id});
  return found == held_.end() ? nullptr : found->second.key;
}

std::optional<bool> Keyring::known(GenerationId generation) const {
  const std::lock_guard lock(mutex_);
  const auto found = encrypted_.find(generation);
  return found == encrypted_.end() ? std::nullopt : std::optional(found->second);
}

void Keyring::learn(GenerationId generation, bool encrypted) {
  const std::lock_guard lock(mutex_);
  encrypted_[generation] = encrypted;
}

bool Keyring::fits(GenerationId generation) const {
  const std::vector<HeldKey> keys = held(generation);
  if (keys.empty()) return !encrypts() && !known(generation).value_or(false);
  const std::vector<std::string> wanted = recipient_names();
  return std::all_of(keys.begin(), keys.end(),
                     [&](const HeldKey& key) { return names_of(key.wrapped) == wanted; });
}

Status Keyring::begin(GenerationId generation, const Uuid& database) {
  if (!encrypts()) {
    learn(generation, false);
    return {};
  }
  SecretKey secret{};
  random_bytes(secret);
  HeldKey held;
  held.key = std::make_shared<const GenerationKey>(generation, database, secret);
  sodium_memzero(secret.data(), secret.size());
  held.wrapped = wrap(*held.key, setup_.recipients);
  TRY(make_folders(setup_.folder));
  TRY(write_key_file(join_path(setup_.folder, key_file_name(*held.key)), held));
  hold(std::move(held));
  return {};
}

Result<bool> Keyring::publish(storage::Store& store, GenerationId generation,
                              const storage::Call& call) const {
  bool put = false;
  for (const HeldKey& key : held(generation)) {
    const Status there = check(store, generation, key.key->id(), call);
    if (there) continue;
    const Code code = there.error().code;
    if (code != Code::kCorrupt && code != Code::kNotFound) return Error(there.error());
    const std::string text = encode(key.wrapped);
    const MemorySource source(as_bytes(text));
    // Over whatever is there: it is under this name only that it is right, and not every store can
    // put if absent.
    TRY(store.put(name_in_replica(generation, key.key->id()), source, {}, call));
    put = true;
  }
  return put;
}

std::vector<KeyId> Keyring::held_ids(GenerationId generation) const {
  std::vector<KeyId> ids;
  for (const HeldKey& key : held(generation)) ids.push_back(key.key->id());
  return ids;
}

Status Keyring::check(storage::Store& store, GenerationId generation, const KeyId& id,
                      const storage::Call& call) const {
  const std::string name = name_in_replica(generation, id);
  const Bytes raw = TRY(storage::get_all(store, name, kWrappedLimit, call));
  const WrappedKey there = TRY(parse_wrapped(as_text(raw), name));
  const auto ours = [&]() -> std::optional<WrappedKey> {
    const std::lock_guard lock(mutex_);
    const auto found = held_.find({generation, id});
    return found == held_.end() ? std::nullopt : std::optional(found->second.wrapped);
  }();
  if (ours ? *ours != there : there.generation != generation)
    return make_error(Code::kCorrupt, "read object " + name + ": it is not what was put there");
  if (ours) return {};
  const auto opened = unwrap(there, id, setup_.identities);
  if (!opened && opened.error().code != Code::kAuth) return opened.error();
  return {};
}

bool Keyring::any_encrypted() const {
  const std::lock_guard lock(mutex_);
  return !held_.empty() || std::any_of(encrypted_.begin(), encrypted_.end(),
                                       [](const auto& generation) { return generation.second; });
}

Status Keyring::keep(storage::Store& store, const std::string& folder, const storage::Call& call) {
  if (!any_encrypted()) return {};
  std::vector<catalog::KeysKey> there;
  const auto note = [&](const std::string& name, const storage::ObjectStat&) -> Status {
    const catalog::Key key = catalog::parse_key(name);
    if (const auto* keys = std::get_if<catalog::KeysKey>(&key)) there.push_back(*keys);
    return {};
  };
  TRY(store.list(catalog::generations_prefix(), "", note, call));
  for (const catalog::KeysKey& key : there) {
    const auto opened = reading_key(store, key.generation, key.id, call);
    if (!opened && opened.error().code != Code::kAuth && opened.error().code != Code::kCorrupt)
      return Error(opened.error());
  }
  std::vector<HeldKey> all;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [id, key] : held_) all.push_back(key);
  }
  if (all.empty()) return {};
  TRY(make_folders(folder));
  for (const HeldKey& key : all)
    TRY(write_key_file(join_path(folder, key_file_name(*key.key)), key));
  return {};
}

Result<bool> Keyring::encrypted(storage::Store& plain, GenerationId generation,
                                const storage::Call& call) {
  if (!held(generation).empty()) return true;
  if (const auto before = known(generation)) return *before;
  bool found = false;
  const auto note = [&](const std::string& name, const storage::ObjectStat&) -> Status {
    found = found || std::holds_alternative<catalog::KeysKey>(catalog::parse_key(name));
    return {};
  };
  TRY(plain.list(catalog::keys_prefix(generation), "", note, call));
  learn(generation, found);
  return found;
}

Result<Keyring::KeyPtr> Keyring::writing_key(storage::Store& plain, GenerationId generation,
                                             const storage::Call& call) {
  const std::vector<HeldKey> keys = held(generation);
  if (!keys.empty()) return keys.front().key;
  if (!TRY(encrypted(plain, generation, call))) return KeyPtr();
  return make_error(
      Code::kAuth,
      "generation " + to_text(generation) + " is encrypted and the local state has no key of it",
      "`streamctl adopt DB local` begins a new generation; what is there stays "
      "restorable with an identity");
}

Result<Keyring::KeyPtr> Keyring::reading_key(storage::Store& plain, GenerationId generation,
                                             const KeyId& id, const storage::Call& call) {
  if (KeyPtr key = held_key(generation, id)) return key;
  const std::string name = name_in_replica(generation, id);
  const auto raw = storage::get_all(plain, name, kWrappedLimit, call);
  if (!raw && raw.error().code == Code::kNotFound)
    return make_error(Code::kCorrupt, "read object " + name + ": it is missing",
                      "without it generation " + to_text(generation) +
                          " cannot be opened; another replica, or the local state of the machine "
                          "that wrote it, has what is needed");
  if (!raw) return raw.error();
  HeldKey held;
  held.wrapped = TRY(parse_wrapped(as_text(*raw), name));
  if (held.wrapped.generation != generation)
    return make_error(Code::kCorrupt, "read object " + name + ": it is of another generation");
  held.key = TRY(unwrap(held.wrapped, id, setup_.identities));
  hold(held);
  return held.key;
}

}  // namespace streamd::crypt
