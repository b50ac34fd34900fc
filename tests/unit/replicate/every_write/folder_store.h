// A Store in a folder, so that it outlives the process; it does not go through base/file.h, whose
// operations are counted by the tests of this folder.
#pragma once
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>
#include <vector>

#include "storage/store.h"

class FolderStore final : public streamd::storage::Store {
 public:
  template <class T>
  using Result = streamd::Result<T>;
  using Call = streamd::storage::Call;
  using ObjectStat = streamd::storage::ObjectStat;

  explicit FolderStore(std::string folder) : folder_(std::move(folder)) {
    std::filesystem::create_directories(folder_);
  }
  std::function<void()> changing = [] {};  // before and after an object appears

  Result<streamd::storage::Capabilities> probe(const Call&) override {
    return streamd::storage::Capabilities{true, true, true, 0, 1000, 0, 0};
  }
  Result<ObjectStat> put(const std::string& key, const streamd::ByteSource& source,
                         const streamd::storage::PutOptions& options, const Call&) override {
    if (options.if_absent && std::filesystem::exists(path(key)))
      return streamd::make_error(streamd::Code::kExists, "put " + key + ": exists");
    streamd::Bytes bytes(source.size());
    TRY(source.read_at(0, bytes));
    changing();
    const std::string temporary = folder_ + "-being-put";
    std::ofstream(temporary, std::ios::binary)
        .write(reinterpret_cast<const char*>(bytes.data()),
               static_cast<std::streamsize>(bytes.size()));
    std::filesystem::create_directories(path(key).parent_path());
    std::filesystem::rename(temporary, path(key));
    changing();
    return ObjectStat{bytes.size(), 0, ""};
  }
  Result<ObjectStat> get(const std::string& key, std::uint64_t offset, std::uint64_t length,
                         const streamd::storage::Sink& sink, const Call&) override {
    std::ifstream file(path(key), std::ios::binary);
    if (!file) return missing(key);
    const streamd::Bytes bytes((std::istreambuf_iterator<char>(file)),
                               std::istreambuf_iterator<char>());
    if (offset > bytes.size())
      return streamd::make_error(streamd::Code::kCorrupt, "get " + key + ": too short");
    const std::uint64_t size = std::min<std::uint64_t>(length, bytes.size() - offset);
    TRY(sink(streamd::ByteView(bytes).subspan(offset, size)));
    return ObjectStat{bytes.size(), 0, ""};
  }
  Result<ObjectStat> stat(const std::string& key, const Call&) override {
    if (!std::filesystem::is_regular_file(path(key))) return missing(key);
    return ObjectStat{std::filesystem::file_size(path(key)), 0, ""};
  }
  streamd::Status list(const std::string& prefix, const std::string& start_after,
                       const streamd::storage::ListSink& sink, const Call&) override {
    std::vector<std::string> keys;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder_))
      if (entry.is_regular_file())
        keys.push_back(std::filesystem::relative(entry.path(), folder_).string());
    std::sort(keys.begin(), keys.end());
    for (const std::string& key : keys)
      if (key.starts_with(prefix) && key > start_after)
        TRY(sink(key, ObjectStat{std::filesystem::file_size(path(key)), 0, ""}));
    return {};
  }
  streamd::Status remove(std::span<const std::string> keys, const Call&) override {
    for (const std::string& key : keys) std::filesystem::remove(path(key));
    return {};
  }

 private:
  std::filesystem::path path(const std::string& key) const { return folder_ + "/" + key; }
  static streamd::Error missing(const std::string& key) {
    return streamd::make_error(streamd::Code::kNotFound, key + ": there is no such object");
  }
  const std::string folder_;
};
