// What hosted stores answer: bodies of XML and JSON as the drivers read them, and whole responses
// that come to a driver over HTTP.
#include "b2_driver.h"
#include "one_server.h"
#include "s3_driver.h"
#include "target.h"
#include "test_operations.h"

namespace streamd::fuzz {
namespace {

// Answers are apart by a line of four '='. One that begins with "HTTP/" is sent as it is, any other
// is the body of a success.
std::vector<std::string> answers_in(std::string_view text, const std::string& endpoint) {
  constexpr std::string_view kApart = "\n====\n", kEndpoint = "{endpoint}";
  std::vector<std::string> answers;
  for (bool more = true; more && answers.size() < 8;) {
    const std::size_t end = text.find(kApart);
    std::string one(text.substr(0, end));
    more = end != std::string_view::npos;
    if (more) text.remove_prefix(end + kApart.size());
    for (std::size_t at = one.find(kEndpoint); at != std::string::npos;
         at = one.find(kEndpoint, at + endpoint.size()))
      one.replace(at, kEndpoint.size(), endpoint);
    if (!one.starts_with("HTTP/"))
      one = "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(one.size()) + "\r\n\r\n" + one;
    answers.push_back(std::move(one));
  }
  return answers;
}

streamd_code list(sdk::Driver& driver, const cloud::TestCall& host) {
  streamd_list request{};
  request.struct_size = sizeof request;
  request.prefix = "";
  request.start_after = "";
  const streamd_list_sink sink{nullptr, [](void*, const char* key, const streamd_object* object) {
                                 require(key != nullptr && object != nullptr,
                                         "what is listed has a key");
                                 return streamd_code{STREAMD_OK};
                               }};
  return driver.list(sdk::Call(&host.abi), request, sink);
}

streamd_code look(sdk::Driver& driver, const cloud::TestCall& host) {
  streamd_object found{};
  return driver.stat(sdk::Call(&host.abi), "k", found);
}

streamd_code read(sdk::Driver& driver, const cloud::TestCall& host, std::uint64_t offset,
                  std::uint64_t length) {
  std::string data;
  const streamd_code code = cloud::get(driver, host, data, offset, length);
  if (length != STREAMD_TO_THE_END)
    require(data.size() <= length, "no more bytes come than were asked for");
  return code;
}

streamd_code remove(sdk::Driver& driver, const cloud::TestCall& host) {
  const char* keys[] = {"a", "b"};
  streamd_code each[] = {STREAMD_OK, STREAMD_OK};
  return driver.remove(sdk::Call(&host.abi), keys, 2, each);
}

// The first letter says what is asked of a new instance.
void operate(ByteView bytes, std::unique_ptr<sdk::Driver> (*open)(const std::string& endpoint)) {
  static OneServer* const server = new OneServer;
  if (bytes.empty()) return;
  server->prepare(answers_in(as_text(bytes.subspan(1)), server->url()));
  const auto driver = open(server->url());
  require(driver != nullptr, "the options are good");
  cloud::TestCall host;
  host.abi.timeout_ms = 4000;
  switch (bytes[0]) {
    case 'l':
      static_cast<void>(list(*driver, host));
      break;
    case 'h':
      static_cast<void>(look(*driver, host));
      break;
    case 'r':
      static_cast<void>(read(*driver, host, 5, 10));
      break;
    case 'g':
      static_cast<void>(read(*driver, host, 0, STREAMD_TO_THE_END));
      break;
    case 'd':
      static_cast<void>(remove(*driver, host));
      break;
    default:
      static_cast<void>(cloud::put(*driver, host, "k", cloud::TestSource(10), bytes[0] & 1));
  }
  host.error.message[sizeof host.error.message - 1] = '\0';
}

void s3(ByteView bytes) {
  operate(bytes, open_s3);
}

void b2(ByteView bytes) {
  operate(bytes, open_b2);
}

constexpr Target kTargets[] = {
    {"s3-bodies", s3_bodies}, {"b2-bodies", b2_bodies}, {"s3", s3}, {"b2", b2}};

}  // namespace

std::span<const Target> store_targets() {
  return kTargets;
}

}  // namespace streamd::fuzz
