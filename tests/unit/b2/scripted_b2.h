// A driver instance whose store is a test's script; what the script leaves alone goes well.
#pragma once
#include <boost/test/unit_test.hpp>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>

#include "digest.h"
#include "scripted_server.h"
#include "store.h"
#include "test_call.h"
#include "test_operations.h"

namespace streamd::b2 {

inline constexpr const char* kFine = "fine";

// "b2_list_file_names", "upload", "part", "download", "look".
inline std::string kind_of(const SeenRequest& request) {
  const std::string line = request.line();
  if (line.starts_with("HEAD")) return "look";
  if (line.find(" /file/") != std::string::npos) return "download";
  if (line.find(" /upload/") != std::string::npos) return "upload";
  if (line.find(" /part/") != std::string::npos) return "part";
  const std::size_t at = line.find("/b2_");
  return line.substr(at + 1, line.find(' ', at) - at - 1);
}

inline std::string error_of(int status, const std::string& code, const std::string& headers = "") {
  return response(status,
                  nlohmann::json{{"status", status}, {"code", code}, {"message", "words"}}.dump(),
                  headers);
}

class ScriptedB2 {
 public:
  // Answers kFine to go on as a store would; may ask for the kind and how often it came.
  using Script = std::function<std::string(const SeenRequest&, const std::string& kind, int count)>;
  explicit ScriptedB2(Script script = [](const SeenRequest&, const std::string&,
                                         int) { return std::string(kFine); })
      : script_(std::move(script)),
        server_([this](const SeenRequest& request, std::size_t) { return answer(request); }) {}

  std::map<std::string, int> counts() const {
    const std::lock_guard lock(mutex_);
    return counts_;
  }
  std::vector<SeenRequest> seen(const std::string& kind) const {
    std::vector<SeenRequest> found;
    for (const SeenRequest& one : server_.seen())
      if (kind_of(one) == kind) found.push_back(one);
    return found;
  }
  std::unique_ptr<sdk::Driver> open() const {
    const TestOptions options({{"bucket", "my-bucket"},
                               {"endpoint", server_.endpoint()},
                               {"key-id", "KID"},
                               {"application-key", "secret"},
                               {"part-size", "5242880"}});
    TestCall host;
    const sdk::Call call(&host.abi);
    std::unique_ptr<sdk::Driver> instance;
    BOOST_REQUIRE_MESSAGE(Store::open(options.options(), call, instance) == STREAMD_OK,
                          host.message());
    return instance;
  }
  std::vector<std::string> capabilities = {"listBuckets", "listFiles", "readFiles", "writeFiles",
                                           "deleteFiles"};

 private:
  std::string answer(const SeenRequest& request) {
    const std::string kind = kind_of(request);
    int count = 0;
    {
      const std::lock_guard lock(mutex_);
      count = ++counts_[kind];
    }
    const std::string own = script_(request, kind, count);
    return own == kFine ? fine(request, kind, count) : own;
  }
  std::string fine(const SeenRequest& request, const std::string& kind, int count) {
    const std::string number = std::to_string(count);
    nlohmann::json reply = {{"fileId", "F" + number},
                            {"uploadTimestamp", 1'000'000'000'000 + count}};
    if (kind == "b2_authorize_account") {
      const nlohmann::json allowed = {{"capabilities", capabilities}, {"buckets", nullptr}};
      reply = {{"accountId", "A"}, {"authorizationToken", "token-" + number}};
      reply["apiInfo"]["storageApi"] = {{"apiUrl", server_.endpoint()},
                                        {"downloadUrl", server_.endpoint()},
                                        {"absoluteMinimumPartSize", 5'000'000},
                                        {"allowed", allowed}};
    }
    if (kind == "b2_list_buckets") {
      reply = {{"buckets", {{{"bucketName", "my-bucket"}, {"bucketId", "B"}}}}};
    }
    if (kind == "b2_get_upload_url" || kind == "b2_get_upload_part_url") {
      const std::string where = kind == "b2_get_upload_url" ? "/upload/" : "/part/";
      reply = {{"uploadUrl", server_.endpoint() + where + number},
               {"authorizationToken", "u" + number}};
    }
    if (kind == "upload" || kind == "part") {
      reply["contentSha1"] = request.body.substr(request.body.size() - 40);
      reply["contentLength"] = request.body.size() - 40;
    }
    if (kind.starts_with("b2_list_file") || kind == "b2_list_unfinished_large_files")
      reply = {
          {"files", nlohmann::json::array()}, {"nextFileName", nullptr}, {"nextFileId", nullptr}};
    return response(200, reply.dump());
  }

  Script script_;
  mutable std::mutex mutex_;
  std::map<std::string, int> counts_;
  ScriptedServer server_;
};

}  // namespace streamd::b2
