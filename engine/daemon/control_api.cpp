#include "daemon/control_api.h"

#include <unistd.h>

#include <algorithm>

#include "base/log.h"
#include "daemon/status_json.h"
#include "daemon/wait.h"

namespace streamd::daemon {
namespace {

constexpr milliseconds kDefaultTimeout{60'000}, kLongestTimeout{24 * 3'600'000};

int http_status_of(Code code) {
  switch (code) {
    case Code::kUsage:
      return 400;
    case Code::kNotFound:
      return 404;
    case Code::kUnsupported:
      return 405;
    case Code::kBusy:
    case Code::kWaiting:
    case Code::kCancelled:
      return 503;
    case Code::kTimeout:
      return 504;
    default:
      return 500;
  }
}

milliseconds timeout_of(const Json& body) {
  const std::int64_t given = body.integer("timeout_ms", kDefaultTimeout.count());
  return std::clamp(milliseconds(given), milliseconds(0), kLongestTimeout);
}

Result<Json> body_of(const ControlRequest& request) {
  auto parsed = Json::parse(request.body);
  if (parsed) return parsed;
  return make_error(Code::kUsage, "the body of the request: " + parsed.error().message,
                    "send a JSON object with \"database\"");
}

// JSON has no words for a path that is not UTF-8: such a one is in the query.
std::string database_of(const ControlRequest& request, const Json& body) {
  const auto in_query = request.query.find("database");
  return in_query != request.query.end() ? in_query->second : body.string("database");
}

Json replicas_json(const replicate::DatabaseStatus& status, const std::string& only) {
  Json replicas = Json::array();
  for (const auto& each : status.replicas)
    if (only.empty() || each.name == only)
      replicas.push(Json::object({{"name", each.name},
                                  {"txid", each.acknowledged.value},
                                  {"snapshot_txid", each.snapshot.value}}));
  return replicas;
}

Json position_json(const replicate::DatabaseStatus& status, Txid txid, const std::string& only) {
  return Json::object({{"database", status.path},
                       {"generation", to_text(status.generation)},
                       {"txid", txid.value},
                       {"replicas", replicas_json(status, only)}});
}

// Until the replicas that the body names have it: one, so many, or all.
Status wait_for_replicas(replicate::Pipeline& pipeline, Txid txid, const Json& body,
                         const WaitLimits& limits, const Cancel& cancel, const Clock& clock) {
  const std::int64_t count = body.integer("min_replicas");
  const std::string replica = body.string("replica");
  if (count < 0 || (count > 0 && !replica.empty()))
    return make_error(Code::kUsage, "min_replicas is above 0, and not beside a replica's name");
  if (count == 0) return wait_within(pipeline, txid, replica, limits, cancel, clock);
  return wait_within_some(pipeline, txid, static_cast<std::size_t>(count), limits, cancel, clock);
}

replicate::UpkeepDone since(const replicate::UpkeepDone& before, replicate::UpkeepDone now) {
  now.merges -= before.merges;
  now.objects_merged -= before.objects_merged;
  now.bytes_merged -= before.bytes_merged;
  now.objects_removed -= before.objects_removed;
  now.bytes_removed -= before.bytes_removed;
  return now;
}

}  // namespace

// One line for each request. A new one needs its line here, a member, and its description in
// docs/control-api.yaml.
struct ControlApi::Route {
  const char *method, *path;
  Result<Json> (ControlApi::*handler)(const ControlRequest&);
  Audience audience = Audience::kOperators;
};

const std::vector<ControlApi::Route>& ControlApi::routes() {
  static const std::vector<Route> kRoutes{
      {"GET", "/v1/version", &ControlApi::version, Audience::kApplications},
      {"GET", "/v1/status", &ControlApi::status, Audience::kApplications},
      {"POST", "/v1/wait", &ControlApi::wait, Audience::kApplications},
      {"POST", "/v1/sync", &ControlApi::sync},
      {"POST", "/v1/snapshot", &ControlApi::snapshot},
      {"POST", "/v1/compact", &ControlApi::compact},
      {"POST", "/v1/pause", &ControlApi::pause},
      {"POST", "/v1/resume", &ControlApi::resume},
      {"POST", "/v1/register", &ControlApi::register_database},
      {"POST", "/v1/unregister", &ControlApi::unregister_database},
      {"POST", "/v1/reload", &ControlApi::reload},
      {"POST", "/v1/log-level", &ControlApi::log_level},
      {"POST", "/v1/stop", &ControlApi::stop},
  };
  return kRoutes;
}

// Counts a request that waits for replicas.
class ControlApi::Waiting {
 public:
  explicit Waiting(std::atomic<int>& count) : count_(&count) {}
  Waiting(Waiting&& other) noexcept : count_(std::exchange(other.count_, nullptr)) {}
  ~Waiting() {
    if (count_ != nullptr) --*count_;
  }

 private:
  std::atomic<int>* count_;
};

Result<ControlApi::Waiting> ControlApi::begin_wait() {
  const int before = waits_++;
  Waiting waiting(waits_);
  if (before < most_waits_) return waiting;
  return make_error(Code::kBusy, "too many clients wait already", "try again in a moment");
}

ControlApi::ControlApi(Supervisor& supervisor, Commands& commands, DaemonFacts facts,
                       const Clock& clock, int most_waits, Audience audience)
    : supervisor_(supervisor),
      commands_(commands),
      facts_(std::move(facts)),
      clock_(clock),
      most_waits_(most_waits),
      audience_(audience) {}

void ControlApi::cancel() {
  cancel_.cancel();
}

ControlReply ControlApi::handle(const ControlRequest& request) {
  auto answered = answer(request);
  if (answered) return {200, std::move(*answered)};
  return {http_status_of(answered.error().code),
          Json::object({{"error", to_json(answered.error())}})};
}

bool ControlApi::serves(const Route& route) const {
  return audience_ == Audience::kOperators || route.audience == audience_;
}

Result<Json> ControlApi::answer(const ControlRequest& request) {
  const Route* other_method = nullptr;
  for (const Route& route : routes()) {
    if (request.path != route.path || !serves(route)) continue;
    if (request.method == route.method) return (this->*route.handler)(request);
    other_method = &route;
  }
  const std::string what = request.method + " " + request.path;
  if (other_method != nullptr)
    return make_error(Code::kUnsupported, "the daemon takes no " + what,
                      std::string("use ") + other_method->method);
  return make_error(Code::kNotFound, "the daemon does not know " + what,
                    audience_ == Audience::kApplications
                        ? "this socket only answers wait and status"
                        : "streamctl and streamd should be of the same version");
}

Json ControlApi::facts() const {
  Json requests = Json::array();
  for (const Route& route : routes())
    if (serves(route)) requests.push(std::string(route.method) + " " + route.path);
  return Json::object({{"version", facts_.version},
                       {"pid", static_cast<std::int64_t>(getpid())},
                       {"started", time_json(facts_.started)},
                       {"control", facts_.control},
                       {"requests", std::move(requests)}});
}

Result<Json> ControlApi::version(const ControlRequest&) {
  return facts();
}

Result<Json> ControlApi::status(const ControlRequest& request) {
  Json databases = Json::array(), folders = Json::array();
  const auto wanted = request.query.find("database");
  if (wanted != request.query.end()) {
    databases.push(to_json(TRY(supervisor_.status(wanted->second)), supervisor_.drills()));
  } else {
    for (const auto& status : supervisor_.status())
      databases.push(to_json(status, supervisor_.drills()));
    folders = to_json(supervisor_.folders());
  }
  return Json::object(
      {{"daemon", facts()}, {"folders", std::move(folders)}, {"databases", std::move(databases)}});
}

Result<Json> ControlApi::sync(const ControlRequest& request) {
  const Json body = TRY(body_of(request));
  const PipelinePtr pipeline = TRY(supervisor_.find(database_of(request, body)));
  const Waiting waiting = TRY(begin_wait());
  const WaitLimits limits{clock_.mono() + timeout_of(body), request.client_gone};
  const Txid txid = TRY(sync_within(*pipeline, limits, cancel_, clock_));
  if (body.boolean("wait")) TRY(wait_for_replicas(*pipeline, txid, body, limits, cancel_, clock_));
  return position_json(pipeline->status(), txid, body.string("replica"));
}

// The durability barrier. Whatever keeps the replicas from acknowledging in time, the answer is
// that they have not; an error is what would be the same at any other time.
Result<Json> ControlApi::wait(const ControlRequest& request) {
  const Json body = TRY(body_of(request));
  const PipelinePtr pipeline = TRY(supervisor_.find(database_of(request, body)));
  const Waiting waiting = TRY(begin_wait());
  const WaitLimits limits{clock_.mono() + timeout_of(body), request.client_gone};
  const auto txid = sync_within(*pipeline, limits, cancel_, clock_);
  Status done;
  if (txid) done = wait_for_replicas(*pipeline, *txid, body, limits, cancel_, clock_);
  if (!txid) done = Error(txid.error());
  if (!done && done.error().code == Code::kUsage) return Error(done.error());
  return Json::object({{"database", pipeline->path()},
                       {"acknowledged", done.has_value()},
                       {"txid", txid ? Json(txid->value) : Json()},
                       {"reason", done ? Json() : to_json(done.error())}});
}

Result<Json> ControlApi::snapshot(const ControlRequest& request) {
  const Json body = TRY(body_of(request));
  const PipelinePtr pipeline = TRY(supervisor_.find(database_of(request, body)));
  const Waiting waiting = TRY(begin_wait());
  const WaitLimits limits{clock_.mono() + timeout_of(body), request.client_gone};
  const std::string replica = body.string("replica");
  const Txid txid = TRY(sync_within(*pipeline, limits, cancel_, clock_));
  TRY(snapshot_within(*pipeline, txid, replica, limits, cancel_, clock_));
  return position_json(pipeline->status(), txid, replica);
}

// What was done meanwhile, by whatever reason.
Result<Json> ControlApi::compact(const ControlRequest& request) {
  const Json body = TRY(body_of(request));
  const PipelinePtr pipeline = TRY(supervisor_.find(database_of(request, body)));
  const Waiting waiting = TRY(begin_wait());
  const WaitLimits limits{clock_.mono() + timeout_of(body), request.client_gone};
  const auto before = pipeline->status().replicas;
  TRY(look_after_within(*pipeline, limits, cancel_, clock_));
  const replicate::DatabaseStatus status = pipeline->status();
  Json replicas = Json::array();
  for (std::size_t i = 0; i < status.replicas.size(); ++i)
    replicas.push(
        Json::object({{"name", status.replicas[i].name},
                      {"done", to_json(since(before[i].upkeep, status.replicas[i].upkeep))}}));
  return Json::object({{"database", status.path}, {"replicas", std::move(replicas)}});
}

Result<Json> ControlApi::pause(const ControlRequest& request) {
  const Json body = TRY(body_of(request));
  std::optional<Error> unsent;
  const auto status = TRY(supervisor_.pause(database_of(request, body), unsent));
  return Json::object({{"database", status.path},
                       {"state", replicate::state_name(status)},
                       {"warning", to_json(unsent)}});
}

Result<Json> ControlApi::resume(const ControlRequest& request) {
  const Json body = TRY(body_of(request));
  const auto status = TRY(supervisor_.resume(database_of(request, body)));
  return Json::object({{"database", status.path},
                       {"state", replicate::state_name(status)},
                       {"warning", to_json(status.error)}});
}

Result<Json> ControlApi::register_database(const ControlRequest& request) {
  const Json body = TRY(body_of(request));
  std::vector<std::string> urls;
  for (const Json& url : body.at("replicas").items())
    if (url.as_string() != nullptr) urls.push_back(*url.as_string());
  return commands_.register_database(database_of(request, body), urls);
}

Result<Json> ControlApi::unregister_database(const ControlRequest& request) {
  return commands_.unregister_database(database_of(request, TRY(body_of(request))));
}

Result<Json> ControlApi::reload(const ControlRequest&) {
  return commands_.reload();
}

Result<Json> ControlApi::log_level(const ControlRequest& request) {
  const std::string wanted = TRY(body_of(request)).string("level");
  LogLevel level = LogLevel::kInfo;
  if (!parse_level(wanted, level))
    return make_error(Code::kUsage, "'" + wanted + "' is no log level",
                      "trace, debug, info, warn or error");
  log_set_level(level);
  log_info("log level", {{"level", wanted}});
  return Json::object({{"level", wanted}});
}

Result<Json> ControlApi::stop(const ControlRequest& request) {
  bool merge = false;
  if (!request.body.empty()) merge = TRY(body_of(request)).boolean("merge");
  return commands_.stop(merge);
}

}  // namespace streamd::daemon
