#include "daemon/http_api.h"

#include <arpa/inet.h>
#include <unistd.h>

#include <charconv>

#include "daemon/health.h"
#include "daemon/metrics.h"
#include "daemon/page/files.h"
#include "daemon/page_json.h"
#include "daemon/status_json.h"

namespace streamd::daemon {
namespace {

constexpr const char* kJson = "application/json";
constexpr const char* kMetrics = "text/plain; version=0.0.4; charset=utf-8";
constexpr const char* kPolicy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

HttpReply json_reply(int status, const Json& json) {
  return {status, kJson, json.print() + "\n"};
}

HttpReply health_reply(const Health& health) {
  return json_reply(health.good ? 200 : 503, health.report);
}

// The same time for a right and a wrong token, whatever they begin with.
bool equal(const std::string& a, const std::string& b) {
  unsigned different = a.size() != b.size();
  for (std::size_t i = 0; i < a.size(); ++i)
    different |= static_cast<unsigned>(a[i] ^ b[b.empty() ? 0 : i % b.size()]);
  return different == 0;
}

const PageFile* page_file(const std::string& path) {
  for (const PageFile& file : page_files())
    if (path == file.path) return &file;
  return nullptr;
}

std::string query(const HttpRequest& request, const char* name) {
  const auto found = request.query.find(name);
  return found == request.query.end() ? "" : found->second;
}

Result<std::size_t> count(const HttpRequest& request, const char* name) {
  const std::string text = query(request, name);
  std::size_t value = 0;
  const auto [end, wrong] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (!text.empty() && (wrong != std::errc() || end != text.data() + text.size()))
    return make_error(Code::kUsage, std::string(name) + " is no number");
  return value;
}

Result<PageQuery> page_query(const HttpRequest& request) {
  return PageQuery{query(request, "filter"), TRY(count(request, "offset")),
                   TRY(count(request, "limit"))};
}

}  // namespace

bool is_own_name(const std::string& header) {
  std::string host = header;
  if (host.starts_with('[')) {
    const std::size_t end = host.find(']');
    const bool whole = end != std::string::npos && (end + 1 == host.size() || host[end + 1] == ':');
    host = host.substr(1, whole ? end - 1 : 0);
  } else if (const std::size_t colon = host.rfind(':'); colon != std::string::npos) {
    host.resize(colon);
  }
  in6_addr address{};
  return header.empty() || host == "localhost" || inet_pton(AF_INET, host.c_str(), &address) == 1 ||
         inet_pton(AF_INET6, host.c_str(), &address) == 1;
}

HttpApi::HttpApi(const Supervisor& supervisor, const Observer& observer, HttpApiSettings settings,
                 const Clock& clock)
    : supervisor_(supervisor), observer_(observer), settings_(std::move(settings)), clock_(clock) {}

bool HttpApi::is_allowed(const HttpRequest& request) const {
  if (settings_.token.empty()) return true;
  return equal(request.authorization, "Bearer " + settings_.token);
}

HttpReply HttpApi::handle(const HttpRequest& request) const {
  HttpReply reply = answer(request);
  reply.headers["Cache-Control"] = "no-store";
  reply.headers["Content-Security-Policy"] = kPolicy;
  reply.headers["X-Content-Type-Options"] = "nosniff";
  reply.headers["Referrer-Policy"] = "no-referrer";
  return reply;
}

HttpReply HttpApi::answer(const HttpRequest& request) const {
  if (request.method != "GET" && request.method != "HEAD") {
    HttpReply reply = refusal(405, "only GET and HEAD are answered here",
                              "changes are made over the control socket: see streamctl --help");
    reply.headers["Allow"] = "GET, HEAD";
    return reply;
  }
  if (settings_.token.empty() && !is_own_name(request.host))
    return refusal(421, "this daemon is asked under a name that is not its own",
                   "use its address, or localhost; with http-token any name is answered");
  if (request.path == "/healthz") return health_reply(liveness(observe(supervisor_)));
  if (const PageFile* file = page_file(request.path))
    return {200, file->content_type, std::string(file->content)};
  const bool known =
      request.path == "/metrics" || request.path == "/readyz" || request.path == "/api/status";
  if (!known) return refusal(404, "there is nothing at " + request.path);
  if (!is_allowed(request)) {
    HttpReply reply = refusal(401, "the token is missing or wrong",
                              "send `Authorization: Bearer TOKEN` with the value of http-token");
    reply.headers["WWW-Authenticate"] = "Bearer";
    return reply;
  }
  if (request.path == "/metrics") return metrics();
  if (request.path == "/readyz")
    return health_reply(readiness(observe(supervisor_), supervisor_.folders()));
  return status(request);
}

HttpReply HttpApi::metrics() const {
  DaemonFigures figures;
  figures.version = settings_.version;
  figures.folders = supervisor_.folders();
  observer_.add_figures(figures.events_lost, figures.events_failed);
  return {200, kMetrics,
          metrics_text(observe(supervisor_, WithStores::kYes), figures, clock_.wall_micros())};
}

HttpReply HttpApi::status(const HttpRequest& request) const {
  const auto wanted = page_query(request);
  if (!wanted) return json_reply(400, Json::object({{"error", to_json(wanted.error())}}));
  std::vector<Observation> databases = observe(supervisor_);
  std::vector<FolderStatus> folders = supervisor_.folders();
  if (const std::string one = query(request, "database"); !one.empty()) {
    const auto found = supervisor_.status(one);
    if (!found) return refusal(404, found.error().message, found.error().hint);
    std::erase_if(databases,
                  [&](const Observation& seen) { return seen.status.path != found->path; });
    folders.clear();
  }
  const auto minutes = [this](const std::string& database, const std::string& replica) {
    return observer_.lag_minutes(database, replica);
  };
  Json json = page_json(databases, *wanted, minutes, clock_.wall_micros(), folders);
  json.set("daemon", Json::object({{"version", settings_.version},
                                   {"pid", static_cast<std::int64_t>(getpid())},
                                   {"started", time_json(settings_.started)}}));
  return json_reply(200, json);
}

}  // namespace streamd::daemon
