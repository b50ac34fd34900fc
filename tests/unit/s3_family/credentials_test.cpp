#include "credentials.h"

#include <boost/test/unit_test.hpp>
#include <fstream>
#include <map>

#include "static_credentials.h"
#include "temp_folder.h"
#include "test_call.h"

namespace streamd::s3 {
namespace {

Environment environment(std::map<std::string, std::string> variables) {
  return [variables = std::move(variables)](const char* name) {
    const auto at = variables.find(name);
    return at == variables.end() ? std::string() : at->second;
  };
}

// Gives a new key each time, with the same life.
class Renewing final : public CredentialSource {
 public:
  const char* name() const override { return "a test"; }
  streamd_code load(const sdk::Call& call, Credentials& found) override {
    ++asked;
    if (broken) return call.fail(STREAMD_TRANSIENT, "no answer");
    found = {"key" + std::to_string(asked), "secret", "token", expires};
    return STREAMD_OK;
  }
  int asked = 0;
  bool broken = false;
  std::int64_t expires = 10'000;
};

using Sources = std::vector<std::unique_ptr<CredentialSource>>;

BOOST_AUTO_TEST_SUITE(credentials)

BOOST_AUTO_TEST_CASE(the_first_that_has_some_wins) {
  TestCall host;
  const sdk::Call call(&host.abi);
  const Environment variables = environment({{"LITESTREAM_ACCESS_KEY_ID", "lite"},
                                             {"LITESTREAM_SECRET_ACCESS_KEY", "s"},
                                             {"AWS_ACCESS_KEY_ID", "aws"},
                                             {"AWS_SECRET_ACCESS_KEY", "s"},
                                             {"AWS_SESSION_TOKEN", "t"}});
  Sources sources;
  sources.push_back(configured_credentials({}));
  for (const char* prefix : {"STREAMD", "LITESTREAM", "AWS"})
    sources.push_back(environment_credentials(prefix, variables));
  CredentialChain chain(std::move(sources));
  Credentials found;
  BOOST_TEST(chain.get(call, 0, found) == STREAMD_OK);
  BOOST_TEST(found.access_key_id == "lite");
  Sources aws;
  aws.push_back(environment_credentials("AWS", variables));
  CredentialChain only(std::move(aws));
  BOOST_TEST(only.get(call, 0, found) == STREAMD_OK);
  BOOST_TEST(found.session_token == "t");
}

BOOST_AUTO_TEST_CASE(none_anywhere_says_where_it_looked) {
  TestCall host;
  const sdk::Call call(&host.abi);
  Sources sources;
  sources.push_back(configured_credentials({}));
  sources.push_back(environment_credentials("AWS", environment({{"AWS_ACCESS_KEY_ID", "half"}})));
  CredentialChain chain(std::move(sources));
  Credentials found;
  BOOST_TEST(chain.get(call, 0, found) == STREAMD_AUTH);
  BOOST_TEST(host.message() ==
             "no credentials found; looked in the configuration, AWS_ACCESS_KEY_ID");
}

BOOST_AUTO_TEST_CASE(half_a_configuration_is_refused) {
  TestCall host;
  const sdk::Call call(&host.abi);
  Sources sources;
  sources.push_back(configured_credentials({"key", "", "", 0}));
  CredentialChain chain(std::move(sources));
  Credentials found;
  BOOST_TEST(chain.get(call, 0, found) == STREAMD_INVALID_CONFIG);
}

BOOST_AUTO_TEST_CASE(shared_file) {
  const TempFolder folder;
  std::ofstream(folder.file("keys")) << "# a comment\n[default]\naws_access_key_id = d\n"
                                        "aws_secret_access_key=ds=\n\n[ other ]\r\n"
                                        " aws_access_key_id = o\r\naws_secret_access_key = os\r\n"
                                        "aws_session_token = ot\r\n";
  TestCall host;
  const sdk::Call call(&host.abi);
  const auto load = [&](const std::string& profile, const std::string& variable) {
    Credentials found;
    const auto source = shared_file_credentials(
        profile, environment({{"AWS_SHARED_CREDENTIALS_FILE", folder.file("keys")},
                              {"AWS_PROFILE", variable}}));
    BOOST_TEST(source->load(call, found) == STREAMD_OK);
    return found.access_key_id + "/" + found.secret_access_key + "/" + found.session_token;
  };
  BOOST_TEST(load("", "") == "d/ds=/");
  BOOST_TEST(load("", "other") == "o/os/ot");
  BOOST_TEST(load("default", "other") == "d/ds=/");
  BOOST_TEST(load("absent", "") == "//");
}

BOOST_AUTO_TEST_CASE(renewed_before_they_expire) {
  TestCall host;
  const sdk::Call call(&host.abi);
  auto source = std::make_unique<Renewing>();
  Renewing& renewing = *source;
  Sources sources;
  sources.push_back(std::move(source));
  CredentialChain chain(std::move(sources));
  Credentials found;
  for (const std::int64_t now : {0, 5000, 9600}) chain.get(call, now, found);
  BOOST_TEST(found.access_key_id == "key1");
  renewing.expires = 20'000;
  BOOST_TEST(chain.get(call, 9700, found) == STREAMD_OK);
  BOOST_TEST(found.access_key_id == "key2");
  renewing.broken = true;  // what is not yet expired still serves
  BOOST_TEST(chain.get(call, 19'800, found) == STREAMD_OK);
  BOOST_TEST(found.access_key_id == "key2");
  BOOST_TEST(chain.get(call, 20'001, found) == STREAMD_TRANSIENT);
}

BOOST_AUTO_TEST_CASE(refused_as_expired_are_asked_anew) {
  TestCall host;
  const sdk::Call call(&host.abi);
  Sources sources;
  sources.push_back(std::make_unique<Renewing>());
  CredentialChain chain(std::move(sources));
  Credentials first, second;
  chain.get(call, 0, first);
  BOOST_TEST(chain.expire(call, first));
  chain.get(call, 0, second);
  BOOST_TEST(second.access_key_id == "key2");
  BOOST_TEST(chain.expire(call, first));  // somebody else was faster: nothing more to do
  chain.get(call, 0, second);
  BOOST_TEST(second.access_key_id == "key2");
  Sources fixed;
  fixed.push_back(configured_credentials({"k", "s", "", 0}));
  CredentialChain never(std::move(fixed));
  never.get(call, 0, first);
  BOOST_TEST(!never.expire(call, first));
}

BOOST_AUTO_TEST_CASE(a_file_that_another_program_renews_is_read_again) {
  const TempFolder folder;
  const std::string path = folder.file("keys");
  const auto write = [&](const std::string& key, const std::string& token) {
    std::ofstream(path) << "[default]\naws_access_key_id = " << key
                        << "\naws_secret_access_key = s\naws_session_token = " << token << "\n";
  };
  write("k", "old");
  TestCall host;
  const sdk::Call call(&host.abi);
  Sources sources;
  sources.push_back(
      shared_file_credentials("", environment({{"AWS_SHARED_CREDENTIALS_FILE", path}})));
  CredentialChain chain(std::move(sources));
  Credentials old, found;
  chain.get(call, 0, old);
  BOOST_TEST(!chain.expire(call, old));  // nobody has renewed it yet
  std::ofstream(path).flush();           // somebody is about to
  BOOST_TEST(!chain.expire(call, old));
  write("k", "new");
  // Two requests that were refused at the same time.
  for (int i = 0; i < 2; ++i) {
    BOOST_TEST(chain.expire(call, old));
    BOOST_TEST(chain.get(call, 0, found) == STREAMD_OK);
    BOOST_TEST(found.session_token == "new");
  }
}

BOOST_AUTO_TEST_CASE(a_source_that_fails_when_asked_anew_says_why) {
  TestCall host;
  const sdk::Call call(&host.abi);
  auto source = std::make_unique<Renewing>();
  Renewing& renewing = *source;
  Sources sources;
  sources.push_back(std::move(source));
  CredentialChain chain(std::move(sources));
  Credentials first, second;
  chain.get(call, 0, first);
  renewing.broken = true;
  BOOST_TEST(chain.expire(call, first));
  BOOST_TEST(chain.get(call, 0, second) == STREAMD_TRANSIENT);
  renewing.broken = false;
  BOOST_TEST(chain.get(call, 0, second) == STREAMD_OK);
  BOOST_TEST(second.access_key_id != first.access_key_id);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace streamd::s3
