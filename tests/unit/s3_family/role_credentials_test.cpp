// Credentials from services, played on loopback.
#include "role_credentials.h"

#include <boost/test/unit_test.hpp>
#include <fstream>
#include <map>

#include "scripted_server.h"
#include "temp_folder.h"
#include "test_call.h"

namespace streamd::s3 {
namespace {

constexpr const char* kJson =
    R"({"Code":"Success","AccessKeyId":"ASIA","SecretAccessKey":"s","Token":"t",)"
    R"("Expiration":"2015-08-30T12:36:00Z"})";
constexpr const char* kRole =
    "<AssumeRoleWithWebIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">"
    "<AssumeRoleWithWebIdentityResult><Credentials><AccessKeyId>ASIA</AccessKeyId>"
    "<SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken>"
    "<Expiration>2015-08-30T12:36:00Z</Expiration></Credentials>"
    "</AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>";

using Variables = std::map<std::string, std::string>;
Environment environment(Variables variables) {
  return [variables = std::move(variables)](const char* name) {
    const auto at = variables.find(name);
    return at == variables.end() ? std::string() : at->second;
  };
}

std::string load(CredentialSource& source, const TestCall& host, streamd_code expected) {
  const sdk::Call call(&host.abi);
  Credentials found;
  BOOST_TEST(source.load(call, found) == expected, host.message());
  return found.access_key_id + " " + found.session_token + " " +
         std::to_string(found.expires_seconds);
}
constexpr const char* kGood = "ASIA t 1440938160";
constexpr const char* kNone = "  0";

BOOST_AUTO_TEST_SUITE(role_credentials)

BOOST_AUTO_TEST_CASE(web_identity) {
  const TempFolder folder;
  std::ofstream(folder.file("token")) << "a+b/c\n";
  ScriptedServer server([](const SeenRequest&, std::size_t number) {
    return number == 1 ? response(200, kRole)
                       : response(403,
                                  "<ErrorResponse><Error><Code>AccessDenied</Code><Message>Not "
                                  "authorized</Message></Error></ErrorResponse>");
  });
  const auto source =
      web_identity_credentials("eu-west-1", {},
                               environment({{"AWS_WEB_IDENTITY_TOKEN_FILE", folder.file("token")},
                                            {"AWS_ROLE_ARN", "arn:aws:iam::1:role/x"},
                                            {"AWS_ENDPOINT_URL_STS", server.endpoint()}}));
  const TestCall host;
  BOOST_TEST(load(*source, host, STREAMD_OK) == kGood);
  BOOST_TEST(load(*source, host, STREAMD_AUTH) == kNone);
  BOOST_TEST(host.message().find("Not authorized") != std::string::npos);
  const SeenRequest seen = server.seen().at(0);
  BOOST_TEST(seen.line() == "POST / HTTP/1.1");
  BOOST_TEST(seen.body ==
             "Action=AssumeRoleWithWebIdentity&RoleArn=arn%3Aaws%3Aiam%3A%3A1%3Arole%2Fx&"
             "RoleSessionName=streamd&Version=2011-06-15&WebIdentityToken=a%2Bb%2Fc");
  const auto none = web_identity_credentials("eu-west-1", {}, environment({}));
  BOOST_TEST(load(*none, host, STREAMD_OK) == kNone);
}

BOOST_AUTO_TEST_CASE(container) {
  ScriptedServer server([](const SeenRequest& request, std::size_t) {
    return request.header("Authorization") == "secret" ? response(200, kJson) : response(401, "no");
  });
  const TestCall host;
  const Variables base = {{"AWS_CONTAINER_CREDENTIALS_FULL_URI", server.endpoint() + "/v2/x?y=z"}};
  Variables with_token = base;
  with_token["AWS_CONTAINER_AUTHORIZATION_TOKEN"] = "secret";
  BOOST_TEST(load(*container_credentials(environment(with_token)), host, STREAMD_OK) == kGood);
  BOOST_TEST(load(*container_credentials(environment(base)), host, STREAMD_AUTH) == kNone);
  BOOST_TEST(server.seen().at(0).line() == "GET /v2/x?y=z HTTP/1.1");
  BOOST_TEST(load(*container_credentials(environment({})), host, STREAMD_OK) == kNone);
  const Variables open = {{"AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://192.0.2.1/"}};
  load(*container_credentials(environment(open)), host, STREAMD_TRANSIENT);
  BOOST_TEST(host.message().find("plain http at a public address") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(instance) {
  ScriptedServer server([](const SeenRequest& request, std::size_t) {
    if (request.line() == "PUT /latest/api/token HTTP/1.1") return response(200, "TOKEN");
    if (request.header("X-aws-ec2-metadata-token") != "TOKEN") return response(401, "");
    const bool names = request.line().find("security-credentials/ ") != std::string::npos;
    return response(200, names ? "my-role\n" : kJson);
  });
  const TestCall host;
  const Variables there = {{"AWS_EC2_METADATA_SERVICE_ENDPOINT", server.endpoint() + "/"}};
  BOOST_TEST(load(*instance_credentials(environment(there)), host, STREAMD_OK) == kGood);
  BOOST_TEST(server.seen().at(2).line() ==
             "GET /latest/meta-data/iam/security-credentials/my-role HTTP/1.1");
  Variables off = there;
  off["AWS_EC2_METADATA_DISABLED"] = "true";
  BOOST_TEST(load(*instance_credentials(environment(off)), host, STREAMD_OK) == kNone);
  BOOST_TEST(server.seen().size() == 3u);
}

BOOST_AUTO_TEST_CASE(no_instance_is_no_error) {
  std::string endpoint;
  {
    ScriptedServer gone([](const SeenRequest&, std::size_t) { return ""; });
    endpoint = gone.endpoint();
  }
  const TestCall host;
  const Variables nobody = {{"AWS_EC2_METADATA_SERVICE_ENDPOINT", endpoint}};
  BOOST_TEST(load(*instance_credentials(environment(nobody)), host, STREAMD_OK) == kNone);
  ScriptedServer without_role([](const SeenRequest& request, std::size_t) {
    return request.line().starts_with("PUT") ? response(200, "T") : response(404, "");
  });
  const Variables bare = {{"AWS_EC2_METADATA_SERVICE_ENDPOINT", without_role.endpoint()}};
  BOOST_TEST(load(*instance_credentials(environment(bare)), host, STREAMD_OK) == kNone);
}

BOOST_AUTO_TEST_CASE(a_service_that_hangs_does_not_hold_up_a_cancelled_call) {
  ScriptedServer server([](const SeenRequest&, std::size_t) { return kStall; });
  TestCall host;
  std::thread canceller([&] {
    while (server.seen().empty()) std::this_thread::sleep_for(std::chrono::milliseconds(5));
    host.cancel = true;
  });
  const Variables there = {{"AWS_CONTAINER_CREDENTIALS_FULL_URI", server.endpoint()}};
  load(*container_credentials(environment(there)), host, STREAMD_CANCELLED);
  canceller.join();
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace streamd::s3
