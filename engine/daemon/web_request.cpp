#include "daemon/web_request.h"

#include <Poco/Net/Context.h>
#include <Poco/Net/HTTPClientSession.h>
#include <Poco/Net/HTTPRequest.h>
#include <Poco/Net/HTTPResponse.h>
#include <Poco/Net/HTTPSClientSession.h>
#include <Poco/Net/SSLException.h>
#include <Poco/URI.h>

#include <algorithm>
#include <istream>
#include <memory>
#include <ostream>

namespace streamd::daemon {
namespace {

namespace net = Poco::Net;

constexpr const char* kHint = "does the address answer from this machine?";

std::unique_ptr<net::HTTPClientSession> session_to(const Poco::URI& uri) {
  if (uri.getScheme() != "https")
    return std::make_unique<net::HTTPClientSession>(uri.getHost(), uri.getPort());
  // Reading the system's certificates takes a while: once is enough.
  static const net::Context::Ptr context(
      new net::Context(net::Context::TLS_CLIENT_USE, "", net::Context::VERIFY_STRICT, 9, true));
  return std::make_unique<net::HTTPSClientSession>(uri.getHost(), uri.getPort(), context);
}

int send(const Poco::URI& uri, const std::string& json, milliseconds limit) {
  const auto session = session_to(uri);
  const Poco::Timespan time(limit.count() * 1000);
  session->setTimeout(time, time, time);
  const std::string path = uri.getPathAndQuery();
  net::HTTPRequest request(json.empty() ? "GET" : "POST", path.empty() ? "/" : path,
                           net::HTTPMessage::HTTP_1_1);
  request.set("User-Agent", "streamd");
  if (!json.empty()) {
    request.setContentType("application/json");
    request.setContentLength64(static_cast<Poco::Int64>(json.size()));
  }
  session->sendRequest(request) << json << std::flush;
  net::HTTPResponse response;
  session->receiveResponse(response);
  return response.getStatus();
}

}  // namespace

Status web_request(const std::string& url, const std::string& json, milliseconds limit) {
  std::string host = "the address";
  try {
    const Poco::URI uri(url);
    host = uri.getHost();
    const int status = send(uri, json, limit);
    if (status >= 200 && status < 300) return {};
    return make_error(Code::kTransient, host + " answered with status " + std::to_string(status),
                      "is the address the right one, and still valid there?");
  } catch (const Poco::TimeoutException&) {
    return make_error(Code::kTimeout, host + " did not answer in time", kHint);
  } catch (const net::SSLException& error) {
    return make_error(Code::kTransient,
                      "request to " + host + ": no secure connection (" + error.message() + ")",
                      "its certificate must be valid, for this name, and from an authority that "
                      "this machine trusts");
  } catch (const Poco::Exception& error) {  // whose words may hold the address
    return make_error(Code::kTransient, "request to " + host + ": " + error.what(), kHint);
  } catch (const std::exception& error) {
    return make_error(Code::kTransient, "request to " + host + ": " + error.what(), kHint);
  }
}

}  // namespace streamd::daemon
