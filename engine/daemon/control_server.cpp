#include "daemon/control_server.h"

#include "base/file.h"
#include "base/log.h"

namespace streamd::daemon {
namespace {

// Waiting requests and some more, so that status is answered whatever clients wait for.
constexpr int kMostWaits = 24, kMostThreads = 32, kMostQueued = 64;

HttpReply reply_to(const HttpRequest& http, ControlApi& api) {
  const ControlRequest request{http.method, http.path, http.query, http.body, http.client_gone};
  const ControlReply reply = api.handle(request);
  return {reply.http_status, "application/json", reply.body.print() + "\n"};
}

}  // namespace

ControlServer::ControlServer() = default;

Result<std::unique_ptr<ControlServer>> ControlServer::start(const Settings& settings,
                                                            Supervisor& supervisor,
                                                            Commands& commands,
                                                            const Clock& clock) {
  Descriptor listening = TRY(listen_at(settings.path, settings.access));
  std::unique_ptr<ControlServer> server(new ControlServer);
  server->path_ = settings.path;
  DaemonFacts facts{settings.version, settings.path, clock.wall_micros()};
  server->api_ = std::make_unique<ControlApi>(supervisor, commands, std::move(facts), clock,
                                              kMostWaits, settings.audience);
  HttpLimits limits;
  limits.threads = kMostThreads;
  limits.queued = kMostQueued;
  auto listener = HttpListener::start(
      std::move(listening), limits,
      [api = server->api_.get()](const HttpRequest& request) { return reply_to(request, *api); });
  if (!listener) return Error(listener.error()).with_context("control socket " + settings.path);
  server->listener_ = std::move(*listener);
  return server;
}

void ControlServer::cancel_waits() {
  api_->cancel();
}

ControlServer::~ControlServer() {
  if (!listener_) return;
  api_->cancel();
  if (const Status removed = remove_file(path_); !removed)
    log_error_event(LogLevel::kWarn, "the control socket stays behind", removed.error());
  listener_.reset();
}

}  // namespace streamd::daemon
