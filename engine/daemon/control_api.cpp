#include "daemon/control_api.h"

#include <unistd.h>

#include <algorithm>

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

replicate::UpkeepDone since(const replicate::UpkeepDone& before, replicate::UpkeepDone now) {
  now.merges -= before.merges;
  now.objects_merged -= before.objects_merged;
  now.bytes_merged -= before.bytes_merged;
  now.objects_removed -= before.objects_removed;
  now.bytes_removed -= before.bytes_removed;
  return now;
}

}  // namespace

ControlApi::ControlApi(const Supervisor& supervisor, DaemonFacts facts, const Clock& clock,
                       int most_waits)
    : supervisor_(supervisor), facts_(std::move(facts)), clock_(clock), most_waits_(most_waits) {}

void ControlApi::cancel() {
  cancel_.cancel();
}

ControlReply ControlApi::handle(const ControlRequest& request) {
  auto answered = answer(request);
  if (answered) return {200, std::move(*answered)};
  return {http_status_of(answered.error().code),
          Json::object({{"error", to_json(answered.error())}})};
}

Result<Json> ControlApi::answer(const ControlRequest& request) {
  const bool reading = request.method == "GET";
  if (reading && request.path == "/v1/version") return version();
  if (reading && request.path == "/v1/status") return status(request);
  const bool asking = request.method == "POST";
  if (asking && request.path == "/v1/sync") return wait_for(request, &ControlApi::sync_now);
  if (asking && request.path == "/v1/compact") return wait_for(request, &ControlApi::compact_now);
  const std::string what = request.method + " " + request.path;
  for (const char* known : {"/v1/version", "/v1/status"})
    if (request.path == known)
      return make_error(Code::kUnsupported, "the daemon takes no " + what, "use GET");
  for (const char* known : {"/v1/sync", "/v1/compact"})
    if (request.path == known)
      return make_error(Code::kUnsupported, "the daemon takes no " + what, "use POST");
  return make_error(Code::kNotFound, "the daemon does not know " + what,
                    "streamctl and streamd should be of the same version");
}

Json ControlApi::version() const {
  return Json::object({{"version", facts_.version},
                       {"pid", static_cast<std::int64_t>(getpid())},
                       {"started", time_json(facts_.started)},
                       {"control", facts_.control}});
}

Result<Json> ControlApi::status(const ControlRequest& request) const {
  Json databases = Json::array();
  const auto wanted = request.query.find("database");
  if (wanted != request.query.end())
    databases.push(to_json(TRY(find(wanted->second))->status(), supervisor_.drills()));
  else
    for (const auto& pipeline : supervisor_.pipelines())
      databases.push(to_json(pipeline->status(), supervisor_.drills()));
  return Json::object({{"daemon", version()}, {"databases", std::move(databases)}});
}

Result<replicate::Pipeline*> ControlApi::find(const std::string& database) const {
  if (replicate::Pipeline* pipeline = supervisor_.find(database)) return pipeline;
  return make_error(Code::kUsage, "the daemon has no database " + database,
                    "`streamctl status` lists those that it has");
}

Result<Json> ControlApi::wait_for(const ControlRequest& request, Work work) {
  const auto parsed = Json::parse(request.body);
  if (!parsed)
    return make_error(Code::kUsage, "the body of the request: " + parsed.error().message,
                      "send a JSON object with \"database\"");
  const Json& body = *parsed;
  replicate::Pipeline* pipeline = TRY(find(body.string("database")));
  struct Count {
    std::atomic<int>& count;
    const int before = count++;
    ~Count() { --count; }
  } waiting{waits_};
  if (waiting.before >= most_waits_)
    return make_error(Code::kBusy, "too many clients wait already", "try again in a moment");
  return (this->*work)(*pipeline, body, request);
}

Result<Json> ControlApi::sync_now(replicate::Pipeline& pipeline, const Json& body,
                                  const ControlRequest& request) const {
  const std::string replica = body.string("replica");
  const WaitLimits limits{clock_.mono() + timeout_of(body), request.client_gone};
  const Txid txid = TRY(sync_within(pipeline, limits, cancel_, clock_));
  if (body.boolean("wait")) TRY(wait_within(pipeline, txid, replica, limits, cancel_, clock_));
  const replicate::DatabaseStatus status = pipeline.status();
  Json replicas = Json::array();
  for (const auto& each : status.replicas)
    if (replica.empty() || each.name == replica)
      replicas.push(Json::object({{"name", each.name}, {"txid", each.acknowledged.value}}));
  return Json::object({{"database", status.path},
                       {"generation", to_text(status.generation)},
                       {"txid", txid.value},
                       {"replicas", std::move(replicas)}});
}

// What was done meanwhile, by whatever reason.
Result<Json> ControlApi::compact_now(replicate::Pipeline& pipeline, const Json& body,
                                     const ControlRequest& request) const {
  const WaitLimits limits{clock_.mono() + timeout_of(body), request.client_gone};
  const auto before = pipeline.status().replicas;
  TRY(look_after_within(pipeline, limits, cancel_, clock_));
  const replicate::DatabaseStatus status = pipeline.status();
  Json replicas = Json::array();
  for (std::size_t i = 0; i < status.replicas.size(); ++i)
    replicas.push(
        Json::object({{"name", status.replicas[i].name},
                      {"done", to_json(since(before[i].upkeep, status.replicas[i].upkeep))}}));
  return Json::object({{"database", status.path}, {"replicas", std::move(replicas)}});
}

}  // namespace streamd::daemon
