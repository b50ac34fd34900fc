#include "storage/driver_store.h"

#include <streamd/driver.h>

#include <cstring>

#include "storage/driver_callbacks.h"

namespace streamd::storage {
namespace {

constexpr std::size_t kLongestKey = 900;

Status check_key(const std::string& key) {
  if (!key.empty() && key.size() <= kLongestKey && key.find('\0') == std::string::npos) return {};
  return make_error(Code::kInvalidConfig,
                    "key '" + key + "' has " + std::to_string(key.size()) +
                        " bytes, a store takes 1 to " + std::to_string(kLongestKey),
                    "give the replica a shorter path");
}

streamd_object empty_object() {
  streamd_object object{};
  object.struct_size = sizeof object;
  return object;
}

Capabilities capabilities_from_abi(const streamd_caps& caps) {
  return {(caps.flags & STREAMD_CAP_IF_ABSENT) != 0,
          (caps.flags & STREAMD_CAP_ORDERED_LIST) != 0,
          (caps.flags & STREAMD_CAP_STRONG_LIST) != 0,
          caps.max_concurrency,
          std::max(caps.max_remove_batch, 1u),
          caps.max_object_size,
          caps.part_size};
}

}  // namespace

Result<std::shared_ptr<DriverStore>> DriverStore::open(std::shared_ptr<const DriverLibrary> library,
                                                       const std::vector<DriverSetting>& settings) {
  static std::mutex one_open_at_a_time;  // of all drivers: the ABI's promise to them
  std::vector<streamd_kv> values;
  for (const DriverSetting& setting : settings)
    values.push_back({setting.name.c_str(), setting.value.c_str()});
  const Call call;
  const DriverCall down(library->name(), call);
  void* instance = nullptr;
  streamd_code code = STREAMD_OK;
  {
    const std::lock_guard lock(one_open_at_a_time);
    code = library->api().open(values.data(), values.size(), down.abi(), &instance);
  }
  TRY(down.result(code, "open the storage"));
  return std::shared_ptr<DriverStore>(new DriverStore(std::move(library), instance));
}

DriverStore::DriverStore(std::shared_ptr<const DriverLibrary> library, void* instance)
    : library_(std::move(library)), instance_(instance) {}

DriverStore::~DriverStore() {
  library_->api().close(instance_);
}

Capabilities DriverStore::known() const {
  const std::lock_guard lock(mutex_);
  return capabilities_;
}

Result<Capabilities> DriverStore::probe(const Call& call) {
  Capabilities found;
  {
    const auto place = TRY(gate_.enter(call));
    const DriverCall down(name(), call);
    streamd_caps caps{};
    caps.struct_size = sizeof caps;
    TRY(down.result(library_->api().probe(instance_, down.abi(), &caps), "look at the storage"));
    found = capabilities_from_abi(caps);
  }
  gate_.set_limit(found.max_concurrency);
  const std::lock_guard lock(mutex_);
  capabilities_ = found;
  return found;
}

Result<ObjectStat> DriverStore::put(const std::string& key, const ByteSource& source,
                                    const PutOptions& options, const Call& call) {
  TRY(check_key(key));
  const auto place = TRY(gate_.enter(call));
  DriverCall down(name(), call);
  PutState state{down, source};
  streamd_put request{};
  request.struct_size = sizeof request;
  request.flags = options.if_absent ? STREAMD_PUT_IF_ABSENT : 0;
  request.key = key.c_str();
  streamd_source bytes{};
  bytes.struct_size = sizeof bytes;
  bytes.ctx = &state;
  bytes.size = source.size();
  bytes.read_at = PutState::read_at;
  streamd_object object = empty_object();
  TRY(down.result(library_->api().put(instance_, down.abi(), &request, &bytes, &object),
                  "put " + key));
  ObjectStat stored = stat_from_abi(object);
  if (stored.size == 0) stored.size = source.size();  // a driver need not say
  if (stored.size != source.size())
    return make_error(Code::kCorrupt, "put " + key + " (" + name() +
                                          "): " + std::to_string(source.size()) + " bytes became " +
                                          std::to_string(stored.size) + " in the storage");
  return stored;
}

Result<ObjectStat> DriverStore::get(const std::string& key, std::uint64_t offset,
                                    std::uint64_t length, const Sink& sink, const Call& call) {
  TRY(check_key(key));
  const auto place = TRY(gate_.enter(call));
  DriverCall down(name(), call);
  GetState state{down, sink, length};
  streamd_get request{};
  request.struct_size = sizeof request;
  request.key = key.c_str();
  request.offset = offset;
  request.length = length;
  const streamd_sink bytes{&state, GetState::write};
  streamd_object object = empty_object();
  TRY(down.result(library_->api().get(instance_, down.abi(), &request, &bytes, &object),
                  "get " + key));
  const bool cut = length == kToTheEnd
                       ? object.size > offset && state.delivered < object.size - offset
                       : state.delivered < length;
  if (cut)
    return make_error(Code::kCorrupt, "get " + key + " (" + name() + "): only " +
                                          std::to_string(state.delivered) + " bytes from offset " +
                                          std::to_string(offset) + " on were delivered");
  return stat_from_abi(object);
}

Result<ObjectStat> DriverStore::stat(const std::string& key, const Call& call) {
  TRY(check_key(key));
  const auto place = TRY(gate_.enter(call));
  const DriverCall down(name(), call);
  streamd_object object = empty_object();
  TRY(down.result(library_->api().stat(instance_, down.abi(), key.c_str(), &object),
                  "stat " + key));
  return stat_from_abi(object);
}

Status DriverStore::list(const std::string& prefix, const std::string& start_after,
                         const ListSink& sink, const Call& call) {
  const auto place = TRY(gate_.enter(call));
  DriverCall down(name(), call);
  ListState state{down, sink, prefix, known().ordered_list, start_after};
  streamd_list request{};
  request.struct_size = sizeof request;
  request.prefix = prefix.c_str();
  request.start_after = start_after.c_str();
  const streamd_list_sink items{&state, ListState::item};
  return down.result(library_->api().list(instance_, down.abi(), &request, &items),
                     "list " + (prefix.empty() ? std::string("everything") : prefix));
}

Status DriverStore::remove(std::span<const std::string> keys, const Call& call) {
  for (const std::string& key : keys) TRY(check_key(key));
  const std::size_t batch = known().max_remove_batch;
  for (std::size_t at = 0; at < keys.size(); at += batch)
    TRY(remove_batch(keys.subspan(at, std::min(batch, keys.size() - at)), call));
  return {};
}

Status DriverStore::remove_batch(std::span<const std::string> keys, const Call& call) {
  const auto place = TRY(gate_.enter(call));
  const DriverCall down(name(), call);
  std::vector<const char*> names;
  for (const std::string& key : keys) names.push_back(key.c_str());
  std::vector<streamd_code> each(keys.size(), STREAMD_OK);
  const streamd_code code =
      library_->api().remove(instance_, down.abi(), names.data(), names.size(), each.data());
  // What happened to a key counts more than the summary: some drivers report only one of the two.
  for (std::size_t i = 0; i < keys.size(); ++i)
    if (each[i] != STREAMD_OK && each[i] != STREAMD_NOT_FOUND)
      return down.result(each[i], "remove " + keys[i]);
  if (code == STREAMD_NOT_FOUND) return {};
  return down.result(code, "remove " + keys.front());
}

}  // namespace streamd::storage
