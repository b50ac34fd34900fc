#include "config/import/replica_place.h"

#include <array>
#include <string_view>

namespace streamd::config {
namespace {

// Hosts of stores, before which a URL has the bucket.
constexpr std::array<std::string_view, 8> kStores{
    ".amazonaws.com", ".digitaloceanspaces.com", ".backblazeb2.com", ".filebase.com",
    ".scw.cloud",     ".linodeobjects.com",      ".wasabisys.com",   ".your-objectstorage.com"};

// Options of URLs, as the fields of the file are called.
std::string field_name(const std::string& option) {
  constexpr std::array<std::pair<std::string_view, const char*>, 7> kNames{
      {{"forcePathStyle", "force-path-style"},
       {"skipVerify", "skip-verify"},
       {"signPayload", "sign-payload"},
       {"requireContentMD5", "require-content-md5"},
       {"storageClass", "storage-class"},
       {"partSize", "part-size"},
       {"sseKmsKeyId", "sse-kms-key-id"}}};
  for (const auto& [url, field] : kNames)
    if (option == url) return field;
  return option;
}

bool is_private(std::string_view host) {
  for (const std::string_view begin : {"localhost", "127.", "10.", "192.168.", "172."})
    if (host.starts_with(begin)) return true;
  return false;
}

std::string with_scheme(const std::string& endpoint) {
  if (endpoint.find("://") != std::string::npos) return endpoint;
  return (is_private(endpoint) ? "http://" : "https://") + endpoint;
}

void split_bucket(const std::string& host, ReplicaPlace& place) {
  const std::size_t dot = host.find('.');
  bool named = host.find(':') != std::string::npos && host.find(".com") == std::string::npos;
  for (const std::string_view store : kStores) named = named || host.ends_with(store);
  if (!named || dot == std::string::npos) {
    place.options["bucket"] = host;
    return;
  }
  place.options["bucket"] = host.substr(0, dot);
  const std::string store = host.substr(dot + 1);
  if (!store.ends_with(".amazonaws.com")) {
    place.options["endpoint"] = with_scheme(store);
    return;
  }
  const std::string region =
      store.substr(0, store.size() - std::string_view(".amazonaws.com").size());
  if (region.starts_with("s3.")) place.options["region"] = region.substr(3);
}

void read_options(std::string_view query, ReplicaPlace& place) {
  while (!query.empty()) {
    const std::size_t end = std::min(query.find('&'), query.size());
    const std::string_view pair = query.substr(0, end);
    query.remove_prefix(std::min(end + 1, query.size()));
    const std::size_t equal = pair.find('=');
    if (equal == std::string_view::npos) continue;
    place.options[field_name(std::string(pair.substr(0, equal)))] = pair.substr(equal + 1);
  }
  if (const auto endpoint = place.options.find("endpoint"); endpoint != place.options.end())
    endpoint->second = with_scheme(endpoint->second);
}

}  // namespace

Result<ReplicaPlace> place_of_url(const std::string& url) {
  const std::size_t colon = url.find("://");
  if (colon == std::string::npos)
    return make_error(Code::kInvalidConfig, "'" + url + "' is no URL", "s3://bucket/path");
  ReplicaPlace place;
  place.type = url.substr(0, colon);
  std::string rest = url.substr(colon + 3);
  if (place.type == "file") {
    place.options["path"] = rest.starts_with('/') || rest.starts_with('$') ? rest : "/" + rest;
    return place;
  }
  std::string query;
  if (const std::size_t question = rest.find('?'); question != std::string::npos) {
    query = rest.substr(question + 1);
    rest.resize(question);
  }
  const std::size_t slash = std::min(rest.find('/'), rest.size());
  if (place.type == "s3") split_bucket(rest.substr(0, slash), place);
  if (slash + 1 < rest.size()) place.options["path"] = rest.substr(slash + 1);
  read_options(query, place);
  return place;
}

std::string beside(std::string path) {
  while (path.ends_with('/')) path.pop_back();
  return path.empty() ? "streamd" : path + "-streamd";
}

}  // namespace streamd::config
