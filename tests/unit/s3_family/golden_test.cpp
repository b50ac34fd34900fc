// What each dialect sends, line by line, against golden_requests.txt. The server here plays the
// proxy that every request goes through, so these are the bytes on the wire; only time and
// signature are left out. GOLDEN_WRITE=1 writes the file anew: read the difference before it is
// committed.
#include <cstdlib>
#include <fstream>
#include <set>
#include <sstream>

#include "digest.h"
#include "scripted_store.h"

namespace streamd::s3 {
namespace {

using Given = std::vector<std::pair<std::string, std::string>>;

struct Dialogue {
  const char* title;
  Given options;
};

const std::vector<Dialogue>& dialogues() {
  static const std::vector<Dialogue> all = {
      {"aws", {{"endpoint", "http://s3.us-west-2.amazonaws.com"}}},
      {"aws, the bucket in the path",
       {{"endpoint", "http://s3.us-west-2.amazonaws.com"}, {"address-style", "path"}}},
      {"aws, session token, storage class, KMS",
       {{"endpoint", "http://s3.us-west-2.amazonaws.com"},
        {"session-token", "TOKEN"},
        {"storage-class", "STANDARD_IA"},
        {"sse", "aws:kms"},
        {"sse-kms-key-id", "key-1"}}},
      {"aws, another region", {{"endpoint", "http://s3.eu-west-1.amazonaws.com"}}},
      {"aws, dual-stack", {{"endpoint", "http://s3.dualstack.eu-west-1.amazonaws.com"}}},
      {"aws, an access point",
       {{"bucket", "arn:aws:s3:us-west-2:123456789012:accesspoint/mine"},
        {"endpoint", "http://s3-accesspoint.us-west-2.amazonaws.com"}}},
      {"aws, China", {{"endpoint", "http://s3.cn-north-1.amazonaws.com.cn"}}},
      {"r2", {{"endpoint", "http://0123456789abcdef0123456789abcdef.r2.cloudflarestorage.com"}}},
      {"r2, a jurisdiction",
       {{"endpoint", "http://0123456789abcdef0123456789abcdef.eu.r2.cloudflarestorage.com"}}},
      {"spaces", {{"endpoint", "http://nyc3.digitaloceanspaces.com"}}},
      {"wasabi", {{"endpoint", "http://s3.eu-central-1.wasabisys.com"}}},
      {"backblaze", {{"endpoint", "http://s3.eu-central-003.backblazeb2.com"}}},
      {"hetzner", {{"endpoint", "http://fsn1.your-objectstorage.com"}}},
      {"scaleway", {{"endpoint", "http://s3.fr-par.scw.cloud"}}},
      {"tigris", {{"endpoint", "http://t3.storage.dev"}}},
      {"gcs", {{"endpoint", "http://storage.googleapis.com"}}},
      {"storj", {{"endpoint", "http://gateway.storjshare.io"}}},
      {"minio", {{"endpoint", "http://minio.example:9000"}, {"profile", "minio"}}},
      {"ceph", {{"endpoint", "http://rgw.example"}, {"profile", "ceph"}}},
      {"garage", {{"endpoint", "http://garage.example:3900"}, {"profile", "garage"}}},
      {"generic", {{"endpoint", "http://objects.example"}}},
  };
  return all;
}

std::string answer(const SeenRequest& request) {
  const std::string line = request.line();
  if (line.find("uploads=") != std::string::npos)
    return response(200,
                    "<InitiateMultipartUploadResult><UploadId>ID</UploadId>"
                    "</InitiateMultipartUploadResult>");
  if (line.starts_with("POST") && line.find("delete=") != std::string::npos)
    return response(200, "<DeleteResult/>");
  if (line.starts_with("POST"))
    return response(200,
                    "<CompleteMultipartUploadResult><ETag>\"e\"</ETag>"
                    "</CompleteMultipartUploadResult>");
  if (line.find("list-type=") != std::string::npos) return response(200, "<ListBucketResult/>");
  if (line.starts_with("GET")) return response(206, "cdef", "Content-Range: bytes 2-5/10\r\n");
  if (line.starts_with("HEAD")) return "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n";
  return response(line.starts_with("DELETE") ? 204 : 200, "", "ETag: \"e\"\r\n");
}

// "PUT http://... | scope | signed names | body hash (its beginning) | other headers"
std::string shown(const SeenRequest& request) {
  const std::string hash = request.header("x-amz-content-sha256");
  BOOST_TEST(hash == hex(sha256(request.body)));
  const std::string authorization = request.header("Authorization");
  const std::size_t scope = authorization.find('/') + 10;  // behind the day
  const std::size_t names = authorization.find("SignedHeaders=") + 14;
  const std::string line = request.line();
  std::string text = line.substr(0, line.rfind(' ')) + " | " +
                     authorization.substr(scope, authorization.find(',') - scope) + " | " +
                     authorization.substr(names, authorization.find(',', names) - names) + " | " +
                     hash.substr(0, 16);
  static const std::set<std::string> known = {
      "Host",       "Proxy-Connection", "x-amz-content-sha256",
      "x-amz-date", "Authorization",    "User-Agent"};
  std::istringstream lines(request.head.substr(line.size() + 1));
  for (std::string header; std::getline(lines, header);)
    if (!known.contains(header.substr(0, header.find(':')))) text += " | " + header;
  return text + "\n";
}

std::string dialogue_of(const Dialogue& one) {
  ScriptedServer server([](const SeenRequest& request, std::size_t) { return answer(request); });
  Given given = {{"bucket", "my.bucket"},     {"access-key-id", "AKID"},
                 {"part-size", "5242880"},    {"secret-access-key", "secret"},
                 {"parallel-parts", "1"},     {"allow-http", "true"},
                 {"proxy", server.endpoint()}};
  for (const auto& [name, value] : one.options) {
    std::erase_if(given, [&](const auto& known) { return known.first == name; });
    given.emplace_back(name, value);
  }
  const TestOptions options(given);
  TestCall host;
  const sdk::Call call(&host.abi);
  std::unique_ptr<sdk::Driver> driver;
  BOOST_REQUIRE_MESSAGE(Store::open(options.options(), call, {}, driver) == STREAMD_OK,
                        host.message());
  std::string data;
  streamd_object out{};
  BOOST_TEST(put(*driver, host, "dir/a b+c\xc3\xa4//~", TestSource(3)) == STREAMD_OK);
  BOOST_TEST(put(*driver, host, "large", TestSource((5u << 20) + 1)) == STREAMD_OK);
  BOOST_TEST(get(*driver, host, data, 2, 4) == STREAMD_OK);
  BOOST_TEST(driver->stat(call, "k", out) == STREAMD_OK);
  const streamd_list_sink sink{
      nullptr, [](void*, const char*, const streamd_object*) { return streamd_code{STREAMD_OK}; }};
  BOOST_TEST(driver->list(call, {sizeof(streamd_list), 0, "dir/", ""}, sink) == STREAMD_OK);
  const char* keys[] = {"a", "b"};
  BOOST_TEST(driver->remove(call, keys, 1, nullptr) == STREAMD_OK);
  BOOST_TEST(driver->remove(call, keys, 2, nullptr) == STREAMD_OK, host.message());
  std::string text = std::string("== ") + one.title + "\n";
  for (const SeenRequest& request : server.seen()) text += shown(request);
  return text;
}

BOOST_AUTO_TEST_SUITE(golden)

BOOST_AUTO_TEST_CASE(requests_of_each_dialect) {
  std::string text;
  for (const Dialogue& one : dialogues()) text += dialogue_of(one);
  if (std::getenv("GOLDEN_WRITE") != nullptr) std::ofstream(GOLDEN_REQUESTS) << text;
  std::ifstream in(GOLDEN_REQUESTS);
  std::istringstream now(text);
  std::string expected, got, where;
  while (std::getline(now, got)) {
    std::getline(in, expected);
    if (got.starts_with("== ")) where = got;
    BOOST_REQUIRE_MESSAGE(got == expected,
                          where << ": '" << got << "' instead of '" << expected << "'");
  }
  BOOST_TEST(!std::getline(in, expected));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace streamd::s3
