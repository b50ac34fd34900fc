// An HTTP server on loopback that answers as a test says.
#pragma once
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace streamd::cloud {

struct SeenRequest {
  std::string head;  // request line and headers, lines ended by \n
  std::string body;
  std::string line() const { return head.substr(0, head.find('\n')); }
  // "" = not there. The name as it was sent.
  std::string header(const std::string& name) const;
};

// Bytes to send as they are; "" closes the connection, kStall keeps it open and says nothing.
inline constexpr const char* kStall = "stall";
using Answer = std::function<std::string(const SeenRequest& request, std::size_t number)>;

// A response with Content-Length; `headers` end in \r\n each.
std::string response(int status, const std::string& body, const std::string& headers = "");

class ScriptedServer {
 public:
  explicit ScriptedServer(Answer answer);
  ~ScriptedServer();
  ScriptedServer(const ScriptedServer&) = delete;
  ScriptedServer& operator=(const ScriptedServer&) = delete;
  std::string endpoint() const { return "http://127.0.0.1:" + std::to_string(port_); }
  std::vector<SeenRequest> seen() const;

 private:
  void accept_all();
  void serve(int connection);
  bool read_request(int connection, std::string& buffer, SeenRequest& request);

  Answer answer_;
  int listener_;
  int port_ = 0;
  mutable std::mutex mutex_;
  std::vector<SeenRequest> seen_;
  std::vector<std::thread> threads_;
  std::vector<int> connections_;
  std::thread acceptor_;
};

}  // namespace streamd::cloud
