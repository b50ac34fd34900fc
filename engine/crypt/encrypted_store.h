// The decorator by which everything above reads and writes plain objects while the store holds
// encrypted ones: snapshots, parts and segments of generations that have a key. All else (the
// marker, claims, the wrapped keys, generations that are not encrypted) goes through as it is.
#pragma once
#include <map>
#include <memory>
#include <mutex>

#include "crypt/keyring.h"
#include "crypt/opening.h"

namespace streamd::crypt {

// Sizes and ranges are those of the plain objects; a list is handed on when it is complete.
class EncryptedStore final : public storage::Store {
 public:
  EncryptedStore(std::shared_ptr<storage::Store> inner, std::shared_ptr<Keyring> keys)
      : inner_(std::move(inner)), keys_(std::move(keys)) {}

  Result<storage::Capabilities> probe(const storage::Call& call) override;
  Result<storage::ObjectStat> put(const std::string& key, const ByteSource& source,
                                  const storage::PutOptions& options,
                                  const storage::Call& call) override;
  Result<storage::ObjectStat> get(const std::string& key, std::uint64_t offset,
                                  std::uint64_t length, const storage::Sink& sink,
                                  const storage::Call& call) override;
  Result<storage::ObjectStat> stat(const std::string& key, const storage::Call& call) override;
  Status list(const std::string& prefix, const std::string& start_after,
              const storage::ListSink& sink, const storage::Call& call) override;
  Status remove(std::span<const std::string> keys, const storage::Call& call) override;

 private:
  Result<bool> encrypted(const std::string& key, const storage::Call& call);
  Result<Header> read_header(const std::string& key, const storage::Call& call);
  Result<CipherPtr> cipher_of(const std::string& key, const Header& header);
  CipherPtr remembered(const std::string& key) const;
  void remember(const std::string& key, CipherPtr cipher);
  void forget(const std::string& key);

  const std::shared_ptr<storage::Store> inner_;
  const std::shared_ptr<Keyring> keys_;
  mutable std::mutex mutex_;
  std::map<std::string, CipherPtr, std::less<>> ciphers_;  // of objects read lately
};

}  // namespace streamd::crypt
