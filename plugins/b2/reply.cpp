#include "reply.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace streamd::b2 {
namespace {

using Json = nlohmann::json;
constexpr std::size_t kLongestEtag = 79;
// Levels, and values: each costs much more memory than its byte.
constexpr int kDeepest = 32, kMostValues = 400'000;
constexpr std::size_t kMostFiles = 10'000;  // of a page; 1000 are asked for

// A page of files has some ten values for each.
bool takes_too_much_memory(const std::string& body) {
  int depth = 0, values = 0;
  bool quoted = false;
  for (std::size_t i = 0; i < body.size(); ++i) {
    const char c = body[i];
    if (c == '"') quoted = !quoted;
    if (quoted && c == '\\') ++i;
    if (quoted) continue;
    if (c == '[' || c == '{') ++depth;
    if (c == ']' || c == '}') --depth;
    if (c == ',') ++values;
    if (depth > kDeepest || values > kMostValues) return true;
  }
  return false;
}

Json parse(const std::string& body) {
  if (takes_too_much_memory(body)) return Json(Json::value_t::discarded);
  return Json::parse(body, nullptr, false);
}

// A member of a type, or nothing: also when there is no such object at all.
const Json* member(const Json& object, const char* name) {
  if (!object.is_object()) return nullptr;
  const auto found = object.find(name);
  return found == object.end() ? nullptr : &*found;
}
std::string text(const Json& object, const char* name) {
  const Json* found = member(object, name);
  return found != nullptr && found->is_string() ? found->get<std::string>() : std::string();
}
std::int64_t number(const Json& object, const char* name) {
  const Json* found = member(object, name);
  return found != nullptr && found->is_number_integer() ? found->get<std::int64_t>() : 0;
}

std::string without_slash(std::string url) {
  while (url.ends_with('/')) url.pop_back();
  return url;
}

FileVersion file_of(const Json& row) {
  return {text(row, "fileName"),
          text(row, "fileId"),
          text(row, "action"),
          text(row, "contentSha1"),
          static_cast<std::uint64_t>(std::max<std::int64_t>(number(row, "contentLength"), 0)),
          std::max<std::int64_t>(number(row, "uploadTimestamp"), 0)};
}

}  // namespace

ErrorReply parse_error(const std::string& body) {
  const Json json = parse(body);
  return {text(json, "code"), text(json, "message")};
}

bool Session::may(const std::string& capability) const {
  return std::find(capabilities.begin(), capabilities.end(), capability) != capabilities.end();
}

bool parse_session(const std::string& body, Session& session) {
  const Json json = parse(body);
  const Json* suites = member(json, "apiInfo");
  const Json* api = suites == nullptr ? nullptr : member(*suites, "storageApi");
  const Json* allowed = api == nullptr ? nullptr : member(*api, "allowed");
  if (allowed == nullptr) return false;
  session.account_id = text(json, "accountId");
  session.token = text(json, "authorizationToken");
  session.api_url = without_slash(text(*api, "apiUrl"));
  session.download_url = without_slash(text(*api, "downloadUrl"));
  session.minimum_part = static_cast<std::uint64_t>(
      std::max<std::int64_t>(number(*api, "absoluteMinimumPartSize"), 0));
  session.name_prefix = text(*allowed, "namePrefix");
  session.capabilities.clear();
  session.buckets.clear();
  if (const Json* may = member(*allowed, "capabilities"); may != nullptr && may->is_array())
    for (const Json& one : *may)
      if (one.is_string()) session.capabilities.push_back(one.get<std::string>());
  if (const Json* buckets = member(*allowed, "buckets"); buckets != nullptr && buckets->is_array())
    for (const Json& one : *buckets)
      session.buckets.push_back({text(one, "id"), text(one, "name")});
  return !session.token.empty() && !session.api_url.empty() && !session.download_url.empty();
}

std::string parse_bucket_id(const std::string& body, const std::string& name) {
  const Json json = parse(body);
  const Json* buckets = member(json, "buckets");
  if (buckets == nullptr || !buckets->is_array()) return {};
  for (const Json& bucket : *buckets)
    if (text(bucket, "bucketName") == name) return text(bucket, "bucketId");
  return {};
}

std::vector<cloud::ExpiryRule> parse_expiry(const std::string& body, const std::string& bucket_id) {
  const Json json = parse(body);
  std::vector<cloud::ExpiryRule> rules;
  const Json* buckets = member(json, "buckets");
  if (buckets == nullptr || !buckets->is_array()) return rules;
  for (const Json& bucket : *buckets) {
    const Json* all = member(bucket, "lifecycleRules");
    const bool ours = text(bucket, "bucketId") == bucket_id;
    if (!ours || all == nullptr || !all->is_array()) continue;
    for (const Json& rule : *all)
      if (const std::int64_t days = number(rule, "daysFromUploadingToHiding"); days > 0)
        rules.push_back({STREAMD_EXPIRY_REMOVES, static_cast<std::uint32_t>(days),
                         text(rule, "fileNamePrefix"), "daysFromUploadingToHiding"});
  }
  return rules;
}

bool parse_upload_url(const std::string& body, UploadUrl& found) {
  const Json json = parse(body);
  found = {text(json, "uploadUrl"), text(json, "authorizationToken")};
  return !found.url.empty() && !found.token.empty();
}

bool parse_file(const std::string& body, FileVersion& file) {
  file = file_of(parse(body));
  return !file.id.empty();
}

bool parse_files(const std::string& body, FilePage& page) {
  const Json json = parse(body);
  const Json* files = member(json, "files");
  if (files == nullptr || !files->is_array() || files->size() > kMostFiles) return false;
  page = {};
  for (const Json& row : *files) page.files.push_back(file_of(row));
  page.next_name = text(json, "nextFileName");
  page.next_id = text(json, "nextFileId");
  return true;
}

// "4_z<bucket>_f<number>_d<day>_m<time>_c..._v..._t...": the bucket is always the same.
std::string etag_of(const std::string& file_id) {
  const std::size_t at = file_id.find("_f");
  std::string etag = at == std::string::npos ? file_id : file_id.substr(at + 1);
  return etag.size() > kLongestEtag ? etag.substr(etag.size() - kLongestEtag) : etag;
}

}  // namespace streamd::b2
