#include "storage/prefix_store.h"

#include <utility>

namespace streamd::storage {
namespace {

class PrefixStore final : public Store {
 public:
  PrefixStore(std::shared_ptr<Store> inner, std::string prefix)
      : inner_(std::move(inner)), prefix_(std::move(prefix)) {}

  Result<Capabilities> probe(const Call& call) override { return inner_->probe(call); }
  Result<ObjectStat> put(const std::string& key, const ByteSource& source,
                         const PutOptions& options, const Call& call) override {
    return inner_->put(prefix_ + key, source, options, call);
  }
  Result<ObjectStat> get(const std::string& key, std::uint64_t offset, std::uint64_t length,
                         const Sink& sink, const Call& call) override {
    return inner_->get(prefix_ + key, offset, length, sink, call);
  }
  Result<ObjectStat> stat(const std::string& key, const Call& call) override {
    return inner_->stat(prefix_ + key, call);
  }
  Status list(const std::string& prefix, const std::string& start_after, const ListSink& sink,
              const Call& call) override {
    const ListSink cut = [&](const std::string& key, const ObjectStat& stat) {
      return sink(key.substr(prefix_.size()), stat);
    };
    return inner_->list(prefix_ + prefix, start_after.empty() ? "" : prefix_ + start_after, cut,
                        call);
  }
  Status remove(std::span<const std::string> keys, const Call& call) override {
    std::vector<std::string> whole;
    for (const std::string& key : keys) whole.push_back(prefix_ + key);
    return inner_->remove(whole, call);
  }

 private:
  std::shared_ptr<Store> inner_;
  std::string prefix_;  // ends in '/'
};

}  // namespace

std::shared_ptr<Store> with_prefix(std::shared_ptr<Store> inner, const std::string& prefix) {
  if (prefix.empty()) return inner;
  return std::make_shared<PrefixStore>(std::move(inner), prefix + "/");
}

}  // namespace streamd::storage
