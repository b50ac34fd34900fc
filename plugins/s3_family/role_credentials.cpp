#include "role_credentials.h"

#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "brief_call.h"
#include "endpoint.h"
#include "reply.h"
#include "wire.h"

namespace streamd::s3 {
namespace {

constexpr std::uint32_t kPatienceMs = 5000;

std::string read_file(const std::string& path) {
  std::ifstream in(path);
  std::ostringstream text;
  text << in.rdbuf();
  std::string content = text.str();
  while (!content.empty() && (content.back() == '\n' || content.back() == '\r')) content.pop_back();
  return content;
}

// One request without a signature. OK = there is a response. A failure is worded for the call.
streamd_code ask(const sdk::Call& call, const Network& network, HttpRequest request,
                 HttpResponse& response) {
  const BriefCall own(kPatienceMs, &call);
  const sdk::Call brief(own.abi());
  Connections connections;
  Wire wire(connections);
  Transfer transfer(network, brief, std::move(request));
  wire.start(transfer);
  Transfer* done = nullptr;
  streamd_code code = wire.next(brief, done);
  if (code == STREAMD_OK) code = transfer.result();
  response = transfer.response();
  if (code == STREAMD_OK) return code;
  if (const streamd_code ended = call.check(); ended != STREAMD_OK) return ended;
  return call.fail(STREAMD_TRANSIENT, "%s", own.message());
}

// As containers and instances spell them. False when it is something else.
bool parse_json(const std::string& body, Credentials& found) {
  const nlohmann::json reply = nlohmann::json::parse(body, nullptr, false);
  const auto text = [&](const char* name) {
    const auto at = reply.find(name);
    return at != reply.end() && at->is_string() ? at->get<std::string>() : std::string();
  };
  if (!reply.is_object()) return false;
  found = {text("AccessKeyId"), text("SecretAccessKey"), text("Token"),
           std::max<std::int64_t>(from_iso_date(text("Expiration")), 0)};
  return found.complete();
}

HttpRequest request_of(const char* method, std::string url, const char* what) {
  HttpRequest request;
  request.method = method;
  request.url = std::move(url);
  request.what = what;
  return request;
}

// What is plain http must stay near, or the credentials would travel in the open.
Network near_only() {
  Network network;
  network.refuse_public = true;
  return network;
}

class WebIdentity final : public CredentialSource {
 public:
  WebIdentity(std::string region, Network network, Environment environment)
      : region_(std::move(region)),
        network_(std::move(network)),
        environment_(std::move(environment)) {}
  const char* name() const override { return "AWS_WEB_IDENTITY_TOKEN_FILE"; }

  streamd_code load(const sdk::Call& call, Credentials& found) override {
    const std::string path = environment_("AWS_WEB_IDENTITY_TOKEN_FILE");
    const std::string role = environment_("AWS_ROLE_ARN");
    if (path.empty() || role.empty()) return STREAMD_OK;
    const std::string token = read_file(path);  // anew each time: it is renewed there
    if (token.empty())
      return call.fail(STREAMD_AUTH, "AWS_WEB_IDENTITY_TOKEN_FILE %s is empty or cannot be read",
                       path.c_str());
    std::string session = environment_("AWS_ROLE_SESSION_NAME");
    if (session.empty()) session = "streamd";
    std::string url = environment_("AWS_ENDPOINT_URL_STS");
    if (url.empty())
      url = "https://sts." + region_ + ".amazonaws.com" + (region_.starts_with("cn-") ? ".cn" : "");
    HttpRequest request = request_of("POST", url + "/", "assume the role of the web identity");
    request.headers = {{"Content-Type", "application/x-www-form-urlencoded"}};
    request.body = body_of(encode_query({{"Action", "AssumeRoleWithWebIdentity"},
                                         {"Version", "2011-06-15"},
                                         {"RoleArn", role},
                                         {"RoleSessionName", session},
                                         {"WebIdentityToken", token}}));
    Network network = network_;
    network.refuse_public = url.starts_with("http://");
    HttpResponse response;
    if (const auto code = ask(call, network, std::move(request), response); code != STREAMD_OK)
      return code;
    if (!response.ok())
      return call.error(response.status >= 500 ? STREAMD_TRANSIENT : STREAMD_AUTH)
          .http(response.status)
          .provider(parse_error(response.body).code)
          .message("cannot assume role %s: %s", role.c_str(),
                   parse_error(response.body).message.c_str());
    RoleReply reply;
    if (!parse_role(response.body, reply))
      return call.fail(STREAMD_TRANSIENT, "cannot assume role %s: the answer makes no sense",
                       role.c_str());
    found = {reply.access_key_id, reply.secret_access_key, reply.session_token,
             reply.expires_seconds};
    return STREAMD_OK;
  }

 private:
  const std::string region_;
  const Network network_;
  const Environment environment_;
};

class Container final : public CredentialSource {
 public:
  explicit Container(Environment environment) : environment_(std::move(environment)) {}
  const char* name() const override { return "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"; }

  streamd_code load(const sdk::Call& call, Credentials& found) override {
    const std::string relative = environment_("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
    const std::string full = environment_("AWS_CONTAINER_CREDENTIALS_FULL_URI");
    if (relative.empty() && full.empty()) return STREAMD_OK;
    const std::string url = relative.empty() ? full : "http://169.254.170.2" + relative;
    HttpRequest request = request_of("GET", url, "get the container's credentials");
    std::string token = environment_("AWS_CONTAINER_AUTHORIZATION_TOKEN");
    if (const std::string path = environment_("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
        !path.empty())
      token = read_file(path);
    if (!token.empty()) request.headers = {{"Authorization", token}};
    HttpResponse response;
    const Network network = url.starts_with("https://") ? Network() : near_only();
    if (const auto code = ask(call, network, std::move(request), response); code != STREAMD_OK)
      return code;
    if (response.ok() && parse_json(response.body, found)) return STREAMD_OK;
    return call.error(response.status >= 500 ? STREAMD_TRANSIENT : STREAMD_AUTH)
        .http(response.status)
        .message("cannot get the container's credentials: status %d", response.status);
  }

 private:
  const Environment environment_;
};

class Instance final : public CredentialSource {
 public:
  explicit Instance(Environment environment) : environment_(std::move(environment)) {}
  const char* name() const override { return "the instance's metadata service"; }

  streamd_code load(const sdk::Call& call, Credentials& found) override {
    if (environment_("AWS_EC2_METADATA_DISABLED") == "true") return STREAMD_OK;
    std::string base = environment_("AWS_EC2_METADATA_SERVICE_ENDPOINT");
    if (base.empty()) base = "http://169.254.169.254";
    while (base.ends_with('/')) base.pop_back();
    const char* const what = "ask the instance's metadata service";
    HttpRequest request = request_of("PUT", base + "/latest/api/token", what);
    request.headers = {{"X-aws-ec2-metadata-token-ttl-seconds", "300"}};
    HttpResponse response;
    const streamd_code first = ask(call, near_only(), std::move(request), response);
    if (first == STREAMD_CANCELLED || first == STREAMD_TIMEOUT) return first;
    if (first != STREAMD_OK || !response.ok()) return STREAMD_OK;  // this is no instance
    const Pairs headers = {{"X-aws-ec2-metadata-token", response.body}};
    const std::string folder = base + "/latest/meta-data/iam/security-credentials/";
    request = request_of("GET", folder, what);
    request.headers = headers;
    if (const auto code = ask(call, near_only(), std::move(request), response); code != STREAMD_OK)
      return code;
    const std::string role = response.body.substr(0, response.body.find('\n'));
    if (!response.ok() || role.empty()) return STREAMD_OK;  // an instance without a role
    request = request_of("GET", folder + percent_encode(role), what);
    request.headers = headers;
    if (const auto code = ask(call, near_only(), std::move(request), response); code != STREAMD_OK)
      return code;
    if (response.ok() && parse_json(response.body, found)) return STREAMD_OK;
    return call.error(STREAMD_TRANSIENT)
        .http(response.status)
        .message("cannot get the credentials of role %s from the instance: status %d", role.c_str(),
                 response.status);
  }

 private:
  const Environment environment_;
};

}  // namespace

std::unique_ptr<CredentialSource> web_identity_credentials(std::string region, Network network,
                                                           Environment environment) {
  return std::make_unique<WebIdentity>(std::move(region), std::move(network),
                                       std::move(environment));
}

std::unique_ptr<CredentialSource> container_credentials(Environment environment) {
  return std::make_unique<Container>(std::move(environment));
}

std::unique_ptr<CredentialSource> instance_credentials(Environment environment) {
  return std::make_unique<Instance>(std::move(environment));
}

}  // namespace streamd::s3
