// Requests to the daemon: on its control socket, on its web address; and JSON by itself.
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "daemon/control_api.h"
#include "daemon/http_api.h"
#include "target.h"

namespace streamd::fuzz {
namespace {

using namespace daemon;

class NoCommands final : public Commands {
 public:
  Result<Json> reload() override { return Json::object(); }
  Result<Json> register_database(const std::string& path,
                                 const std::vector<std::string>& urls) override {
    return Json::object({{"path", path}, {"urls", static_cast<std::int64_t>(urls.size())}});
  }
  Result<Json> unregister_database(const std::string&) override { return Json::object(); }
  Result<Json> stop(bool) override { return Json::object(); }
};

// A daemon without databases, which lives as long as the process, and both of its servers. Their
// addresses are the kernel's choice and have no file.
class Daemon {
 public:
  static Daemon& instance() {
    static Daemon* const kInstance = new Daemon;
    return *kInstance;
  }
  void ask(bool control, ByteView request) const {
    const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const Address& to = control ? control_address_ : web_address_;
    require(::connect(fd, reinterpret_cast<const sockaddr*>(&to.name), to.size) == 0,
            "the daemon takes connections");
    while (!request.empty()) {
      const ssize_t sent = ::send(fd, request.data(), request.size(), MSG_NOSIGNAL);
      if (sent <= 0) break;  // it has heard enough
      request = request.subspan(static_cast<std::size_t>(sent));
    }
    ::shutdown(fd, SHUT_WR);
    char buffer[16384];
    while (::recv(fd, buffer, sizeof buffer, 0) > 0) continue;
    ::close(fd);
  }

 private:
  struct Address {
    sockaddr_un name{};
    socklen_t size = sizeof name;
  };
  Daemon()
      : supervisor_(std::move(*Supervisor::create(config_, drivers_, system_clock()))),
        observer_(*supervisor_, config_, system_clock()),
        control_(*supervisor_, commands_, {"1", "/run/control", 0}, system_clock(), 2,
                 Audience::kOperators),
        web_(*supervisor_, observer_, {"1", "", 0}, system_clock()) {
    listeners_.push_back(listen(control_address_, [this](const HttpRequest& http) {
      const ControlReply reply =
          control_.handle({http.method, http.path, http.query, http.body, http.client_gone});
      return HttpReply{reply.http_status, "application/json", reply.body.print() + "\n"};
    }));
    listeners_.push_back(
        listen(web_address_, [this](const HttpRequest& http) { return web_.handle(http); }));
  }
  static std::unique_ptr<HttpListener> listen(Address& address, HttpHandler handler) {
    Descriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    address.name.sun_family = AF_UNIX;
    require(::bind(socket.fd(), reinterpret_cast<sockaddr*>(&address.name),
                   sizeof address.name.sun_family) == 0 &&
                ::listen(socket.fd(), 16) == 0 &&
                ::getsockname(socket.fd(), reinterpret_cast<sockaddr*>(&address.name),
                              &address.size) == 0,
            "there is an address");
    HttpLimits limits;
    limits.threads = 2;
    return std::move(*HttpListener::start(std::move(socket), limits, std::move(handler)));
  }

  config::Config config_;
  storage::Drivers drivers_{{}};
  std::unique_ptr<Supervisor> supervisor_;
  Observer observer_;
  NoCommands commands_;
  ControlApi control_;
  HttpApi web_;
  Address control_address_, web_address_;
  std::vector<std::unique_ptr<HttpListener>> listeners_;
};

void json(ByteView bytes) {
  const auto parsed = Json::parse(as_text(bytes));
  if (!parsed) return;
  const std::string printed = parsed->print();
  const auto again = Json::parse(printed);
  require(again.has_value(), "JSON that was printed can be read");
  require(again->print() == printed, "JSON means the same when it is printed again");
}

// Whether it was answered says nothing: who sends no request gets a closed connection. That it ends
// at all is what is tried here.
void control(ByteView bytes) {
  Daemon::instance().ask(true, bytes);
}

void web(ByteView bytes) {
  Daemon::instance().ask(false, bytes);
}

constexpr Target kTargets[] = {{"json", json}, {"control", control}, {"web", web}};

}  // namespace

std::span<const Target> http_targets() {
  return kTargets;
}

}  // namespace streamd::fuzz
