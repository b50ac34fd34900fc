#include "static_credentials.h"

#include <fstream>

namespace streamd::s3 {
namespace {

class Configured final : public CredentialSource {
 public:
  explicit Configured(Credentials given) : given_(std::move(given)) {}
  const char* name() const override { return "the configuration"; }
  streamd_code load(const sdk::Call& call, Credentials& found) override {
    if (given_.access_key_id.empty() != given_.secret_access_key.empty())
      return call.fail(STREAMD_INVALID_CONFIG,
                       "access-key-id and secret-access-key must both be set, or none of them");
    found = given_;
    return STREAMD_OK;
  }

 private:
  const Credentials given_;
};

class FromEnvironment final : public CredentialSource {
 public:
  FromEnvironment(const char* prefix, Environment environment)
      : prefix_(prefix), name_(prefix_ + "_ACCESS_KEY_ID"), environment_(std::move(environment)) {}
  const char* name() const override { return name_.c_str(); }
  streamd_code load(const sdk::Call&, Credentials& found) override {
    found.access_key_id = environment_(name_.c_str());
    found.secret_access_key = environment_((prefix_ + "_SECRET_ACCESS_KEY").c_str());
    found.session_token = environment_((prefix_ + "_SESSION_TOKEN").c_str());
    return STREAMD_OK;
  }

 private:
  const std::string prefix_, name_;
  const Environment environment_;
};

std::string trim(const std::string& text) {
  const std::size_t begin = text.find_first_not_of(" \t\r");
  if (begin == std::string::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t\r") + 1 - begin);
}

class SharedFile final : public CredentialSource {
 public:
  SharedFile(std::string profile, Environment environment)
      : profile_(std::move(profile)), environment_(std::move(environment)) {}
  const char* name() const override { return "~/.aws/credentials"; }
  streamd_code load(const sdk::Call&, Credentials& found) override {
    std::string path = environment_("AWS_SHARED_CREDENTIALS_FILE");
    const std::string home = environment_("HOME");
    if (path.empty() && !home.empty()) path = home + "/.aws/credentials";
    std::string wanted = profile_.empty() ? environment_("AWS_PROFILE") : profile_;
    if (wanted.empty()) wanted = "default";
    std::ifstream in(path);
    bool inside = false;
    for (std::string line; std::getline(in, line);) {
      line = trim(line);
      if (line.starts_with('[')) inside = trim(line.substr(1, line.find(']') - 1)) == wanted;
      const std::size_t equal = line.find('=');
      if (!inside || equal == std::string::npos || line[0] == '#' || line[0] == ';') continue;
      set(trim(line.substr(0, equal)), trim(line.substr(equal + 1)), found);
    }
    return STREAMD_OK;
  }

 private:
  static void set(const std::string& name, const std::string& value, Credentials& found) {
    if (name == "aws_access_key_id") found.access_key_id = value;
    if (name == "aws_secret_access_key") found.secret_access_key = value;
    if (name == "aws_session_token") found.session_token = value;
  }
  const std::string profile_;
  const Environment environment_;
};

}  // namespace

std::unique_ptr<CredentialSource> configured_credentials(Credentials given) {
  return std::make_unique<Configured>(std::move(given));
}

std::unique_ptr<CredentialSource> environment_credentials(const char* prefix,
                                                          Environment environment) {
  return std::make_unique<FromEnvironment>(prefix, std::move(environment));
}

std::unique_ptr<CredentialSource> shared_file_credentials(std::string profile,
                                                          Environment environment) {
  return std::make_unique<SharedFile>(std::move(profile), std::move(environment));
}

}  // namespace streamd::s3
