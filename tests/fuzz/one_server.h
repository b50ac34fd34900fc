// A server on loopback that answers each connection with the next of some prepared answers, as they
// are, and closes it. Everything that a driver asks goes through it as through a proxy.
#pragma once
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace streamd::fuzz {

class OneServer {
 public:
  OneServer();  // listens until the process ends
  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
  // In this order; when they are used up a connection is closed without a word.
  void prepare(std::vector<std::string> answers);

 private:
  void serve();
  std::string next();
  int listener_;
  int port_ = 0;
  std::mutex mutex_;
  std::vector<std::string> answers_;
  std::size_t used_ = 0;
};

}  // namespace streamd::fuzz
