#include "crypt/encrypted_store.h"

#include <set>
#include <vector>

namespace streamd::crypt {
namespace {

constexpr std::size_t kMostRemembered = 1024;  // about 300 bytes each

GenerationId generation_in(const std::string& key) {
  return catalog::generation_of(catalog::parse_key(key));
}

storage::ObjectStat plain(storage::ObjectStat stat) {
  stat.size = plain_size(stat.size);
  return stat;
}

}  // namespace

Result<storage::Capabilities> EncryptedStore::probe(const storage::Call& call) {
  return inner_->probe(call);
}

Result<bool> EncryptedStore::encrypted(const std::string& key, const storage::Call& call) {
  const GenerationId generation = generation_in(key);
  if (generation == GenerationId{}) return false;
  return keys_->encrypted(*inner_, generation, call);
}

Result<storage::ObjectStat> EncryptedStore::put(const std::string& key, const ByteSource& source,
                                                const storage::PutOptions& options,
                                                const storage::Call& call) {
  const GenerationId generation = generation_in(key);
  if (generation == GenerationId{}) return inner_->put(key, source, options, call);
  const Keyring::KeyPtr with = TRY(keys_->writing_key(*inner_, generation, call));
  if (!with) return inner_->put(key, source, options, call);
  forget(key);
  const auto sealed = TRY(SealedSource::over(source, *with, key));
  return plain(TRY(inner_->put(key, *sealed, options, call)));
}

Result<storage::ObjectStat> EncryptedStore::get(const std::string& key, std::uint64_t offset,
                                                std::uint64_t length, const storage::Sink& sink,
                                                const storage::Call& call) {
  if (!TRY(encrypted(key, call))) return inner_->get(key, offset, length, sink, call);
  CipherPtr cipher = remembered(key);
  // The header is read by itself when no chunk is wanted that lies beside it, and when a key has to
  // be fetched: a sink must not call the store.
  if (!cipher && (offset >= kChunk || !keys_->holds(generation_in(key)))) {
    const Header header = TRY(read_header(key, call));
    TRY(keys_->reading_key(*inner_, generation_in(key), header.key, call));
    cipher = TRY(cipher_of(key, header));
  }
  Opening opening(
      key, offset, length, cipher, [&](const Header& header) { return cipher_of(key, header); },
      sink);
  TRY(opening.possible());
  const auto take = [&](ByteView bytes) { return opening.take(bytes); };
  storage::ObjectStat stat;
  while (!opening.done()) {
    const std::uint64_t before = opening.position();
    stat = TRY(inner_->get(key, before, opening.wanted(), take, call));
    // To the end is an answer also where nothing is left: asking again would go on for ever.
    if (!opening.done() && opening.position() == before)
      return make_error(Code::kCorrupt, "object " + key + " is cut short");
  }
  return plain(stat);
}

Result<Header> EncryptedStore::read_header(const std::string& key, const storage::Call& call) {
  Bytes raw;
  const auto fill = [&raw](ByteView bytes) -> Status {
    append(raw, bytes);
    return {};
  };
  TRY(inner_->get(key, 0, kHeaderSize, fill, call));
  auto header = decode(raw);
  if (!header) return std::move(header.error()).with_context("read object " + key);
  return header;
}

// With a key that is at hand.
Result<CipherPtr> EncryptedStore::cipher_of(const std::string& key, const Header& header) {
  const Keyring::KeyPtr opens = keys_->held_key(header.generation, header.key);
  if (header.generation != generation_in(key) || !opens || header.database != opens->database())
    return make_error(Code::kCorrupt, "object " + key +
                                          " was put into another generation, or by another "
                                          "database, or its header is damaged");
  auto cipher = std::make_shared<const ChunkCipher>(*opens, header, key);
  remember(key, cipher);
  return CipherPtr(std::move(cipher));
}

CipherPtr EncryptedStore::remembered(const std::string& key) const {
  const std::lock_guard lock(mutex_);
  const auto found = ciphers_.find(key);
  return found == ciphers_.end() ? nullptr : found->second;
}

void EncryptedStore::remember(const std::string& key, CipherPtr cipher) {
  const std::lock_guard lock(mutex_);
  if (ciphers_.size() >= kMostRemembered) ciphers_.clear();
  ciphers_[key] = std::move(cipher);
}

void EncryptedStore::forget(const std::string& key) {
  const std::lock_guard lock(mutex_);
  ciphers_.erase(key);
}

Result<storage::ObjectStat> EncryptedStore::stat(const std::string& key,
                                                 const storage::Call& call) {
  const auto found = TRY(inner_->stat(key, call));
  return TRY(encrypted(key, call)) ? plain(found) : found;
}

// Which generations are encrypted is in the list itself when it has all of generations/.
Status EncryptedStore::list(const std::string& prefix, const std::string& start_after,
                            const storage::ListSink& sink, const storage::Call& call) {
  struct Found {
    std::string key;
    storage::ObjectStat stat;
    GenerationId generation;
  };
  std::vector<Found> found;
  std::map<GenerationId, bool> keyed;
  const auto note = [&](const std::string& key, const storage::ObjectStat& stat) -> Status {
    const catalog::Key parsed = catalog::parse_key(key);
    const GenerationId generation = catalog::generation_of(parsed);
    found.push_back({key, stat, generation});
    if (generation != GenerationId{}) keyed.try_emplace(generation, false);
    if (const auto* keys = std::get_if<catalog::KeysKey>(&parsed)) keyed[keys->generation] = true;
    return {};
  };
  TRY(inner_->list(prefix, start_after, note, call));
  const bool all = start_after.empty() && catalog::generations_prefix().starts_with(prefix);
  for (auto& [generation, has_key] : keyed) {
    if (all) keys_->learn(generation, has_key);
    has_key = TRY(keys_->encrypted(*inner_, generation, call));
  }
  for (const Found& object : found) {
    const bool sealed = object.generation != GenerationId{} && keyed[object.generation];
    TRY(sink(object.key, sealed ? plain(object.stat) : object.stat));
  }
  return {};
}

Status EncryptedStore::remove(std::span<const std::string> keys, const storage::Call& call) {
  for (const std::string& key : keys) forget(key);
  return inner_->remove(keys, call);
}

}  // namespace streamd::crypt
