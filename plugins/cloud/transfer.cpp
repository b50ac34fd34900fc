#include "transfer.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstring>
#include <new>

#include "endpoint.h"

namespace streamd::cloud {
namespace {

constexpr long kConnectMs = 20'000;
constexpr long kBufferBytes = 128 * 1024;
// The kernel would take megabytes before the first of them is sent: on a slow link nothing seems to
// move then for longer than the idle timeout.
constexpr int kUnsentBytes = 128 * 1024;
constexpr std::size_t kLongestBody = 8u << 20;    // a list of 1000 keys has at most 5 MB
constexpr std::size_t kLongestHead = 256u << 10;  // all headers of all answers to one request

}  // namespace

Transfer::Transfer(const Network& network, const sdk::Call& call, HttpRequest request)
    : call_(call),
      request_(std::move(request)),
      refuse_public_(network.refuse_public),
      handle_(curl_easy_init()) {
  if (handle_ == nullptr) throw std::bad_alloc();
  curl_easy_setopt(handle_, CURLOPT_URL, request_.url.c_str());
  curl_easy_setopt(handle_, CURLOPT_PRIVATE, this);
  curl_easy_setopt(handle_, CURLOPT_ERRORBUFFER, detail_);
  curl_easy_setopt(handle_, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(handle_, CURLOPT_PATH_AS_IS, 1L);
  curl_easy_setopt(handle_, CURLOPT_BUFFERSIZE, kBufferBytes);
  curl_easy_setopt(handle_, CURLOPT_UPLOAD_BUFFERSIZE, kBufferBytes);
  curl_easy_setopt(handle_, CURLOPT_WRITEFUNCTION, on_write);
  curl_easy_setopt(handle_, CURLOPT_WRITEDATA, this);
  curl_easy_setopt(handle_, CURLOPT_HEADERFUNCTION, on_header);
  curl_easy_setopt(handle_, CURLOPT_HEADERDATA, this);
  curl_easy_setopt(handle_, CURLOPT_OPENSOCKETFUNCTION, on_socket);
  curl_easy_setopt(handle_, CURLOPT_OPENSOCKETDATA, this);
#if LIBCURL_VERSION_NUM >= 0x075700
  // Whoever cancels does not wait for the name service: libcurl's thread that does is left behind.
  curl_easy_setopt(handle_, CURLOPT_QUICK_EXIT, 1L);
#endif
  set_method();
  set_network(network);
  for (const auto& [name, value] : request_.headers)
    headers_ = curl_slist_append(headers_, (name + ": " + value).c_str());
  // What libcurl would add by itself.
  for (const char* none : {"Expect:", "Accept:", "Transfer-Encoding:"})
    headers_ = curl_slist_append(headers_, none);
  if (std::none_of(request_.headers.begin(), request_.headers.end(),
                   [](const auto& header) { return header.first == "Content-Type"; }))
    headers_ = curl_slist_append(headers_, "Content-Type:");
  curl_easy_setopt(handle_, CURLOPT_HTTPHEADER, headers_);
}

Transfer::~Transfer() {
  if (multi_ != nullptr) curl_multi_remove_handle(multi_, handle_);
  curl_easy_cleanup(handle_);
  curl_slist_free_all(headers_);
}

void Transfer::set_method() {
  if (request_.method == "GET") {
    curl_easy_setopt(handle_, CURLOPT_HTTPGET, 1L);
  } else if (request_.method == "HEAD") {
    curl_easy_setopt(handle_, CURLOPT_NOBODY, 1L);
  } else if (request_.method == "PUT" || request_.method == "POST") {
    curl_easy_setopt(handle_, CURLOPT_UPLOAD, 1L);
    curl_easy_setopt(handle_, CURLOPT_INFILESIZE_LARGE,
                     static_cast<curl_off_t>(request_.body.size));
    curl_easy_setopt(handle_, CURLOPT_READFUNCTION, on_read);
    curl_easy_setopt(handle_, CURLOPT_READDATA, this);
    curl_easy_setopt(handle_, CURLOPT_SEEKFUNCTION, on_seek);
    curl_easy_setopt(handle_, CURLOPT_SEEKDATA, this);
  }
  if (request_.method != "GET" && request_.method != "HEAD")
    curl_easy_setopt(handle_, CURLOPT_CUSTOMREQUEST, request_.method.c_str());
}

void Transfer::set_network(const Network& network) {
  curl_easy_setopt(handle_, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(handle_, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1);
  curl_easy_setopt(handle_, CURLOPT_TCP_KEEPALIVE, 1L);
  curl_easy_setopt(handle_, CURLOPT_CONNECTTIMEOUT_MS, kConnectMs);
  curl_easy_setopt(handle_, CURLOPT_SSL_VERIFYPEER, network.tls_verify ? 1L : 0L);
  curl_easy_setopt(handle_, CURLOPT_SSL_VERIFYHOST, network.tls_verify ? 2L : 0L);
  curl_easy_setopt(handle_, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  if (!network.ca_file.empty()) curl_easy_setopt(handle_, CURLOPT_CAINFO, network.ca_file.c_str());
  if (!network.proxy.url.empty())
    curl_easy_setopt(handle_, CURLOPT_PROXY, network.proxy.url.c_str());
  else if (network.refuse_public)  // a proxy of the environment would hide whom we talk to
    curl_easy_setopt(handle_, CURLOPT_NOPROXY, "*");
  if (!network.proxy.user.empty())
    curl_easy_setopt(handle_, CURLOPT_PROXYUSERNAME, network.proxy.user.c_str());
  if (!network.proxy.password.empty())
    curl_easy_setopt(handle_, CURLOPT_PROXYPASSWORD, network.proxy.password.c_str());
}

void Transfer::join(CURLM* multi) {
  multi_ = multi;
  curl_multi_add_handle(multi_, handle_);
}

void Transfer::leave(CURLcode result) {
  curl_multi_remove_handle(multi_, handle_);
  multi_ = nullptr;
  curl_result_ = result;
}

streamd_code Transfer::result() const {
  if (stopped_ != STREAMD_OK) return stopped_;
  if (curl_result_ == CURLE_OK) return STREAMD_OK;
  return network_failure();
}

streamd_code Transfer::network_failure() const {
  streamd_code code = STREAMD_TRANSIENT;
  if (curl_result_ == CURLE_OPERATION_TIMEDOUT) code = STREAMD_TIMEOUT;
  if (curl_result_ == CURLE_URL_MALFORMAT || curl_result_ == CURLE_UNSUPPORTED_PROTOCOL ||
      curl_result_ == CURLE_SSL_CACERT_BADFILE || curl_result_ == CURLE_COULDNT_RESOLVE_PROXY)
    code = STREAMD_INVALID_CONFIG;
  if (curl_result_ == CURLE_OUT_OF_MEMORY) code = STREAMD_TRANSIENT;
  if (met_public_)
    return call_.fail(STREAMD_INVALID_CONFIG,
                      "cannot %s: the endpoint is plain http at a public address; use https, or "
                      "allow-http = true",
                      request_.what.c_str());
  const char* why = detail_[0] != '\0' ? detail_ : curl_easy_strerror(curl_result_);
  // A URL of the environment's is quoted there, with its password.
  if (std::strstr(why, "Unsupported proxy") != nullptr)
    why = "the URL of the proxy is not understood (http_proxy, https_proxy or all_proxy)";
  const bool no_tls = curl_result_ == CURLE_SSL_CONNECT_ERROR;
  return call_.fail(code, "cannot %s: %s%s", request_.what.c_str(), why,
                    no_tls ? " (does the endpoint speak https?)" : "");
}

std::size_t Transfer::on_read(char* to, std::size_t size, std::size_t count, void* self) {
  auto& transfer = *static_cast<Transfer*>(self);
  const Body& body = transfer.request_.body;
  const auto want =
      static_cast<std::size_t>(std::min<std::uint64_t>(size * count, body.size - transfer.sent_));
  if (want == 0) return 0;
  transfer.stopped_ = transfer.call_.check();
  if (transfer.stopped_ != STREAMD_OK) return CURL_READFUNC_ABORT;
  const std::int64_t got = body.read(transfer.sent_, to, want);
  if (got <= 0) {
    transfer.stopped_ =
        got < 0 ? transfer.call_.fail(static_cast<streamd_code>(-got), "the source failed")
                : transfer.call_.fail(STREAMD_INTERNAL, "the source ended early");
    return CURL_READFUNC_ABORT;
  }
  transfer.sent_ += static_cast<std::uint64_t>(got);
  transfer.call_.progress();
  return static_cast<std::size_t>(got);
}

int Transfer::on_seek(void* self, curl_off_t offset, int origin) {
  if (origin != SEEK_SET) return CURL_SEEKFUNC_CANTSEEK;
  static_cast<Transfer*>(self)->sent_ = static_cast<std::uint64_t>(offset);
  return CURL_SEEKFUNC_OK;
}

std::size_t Transfer::on_write(char* data, std::size_t size, std::size_t count, void* self) {
  auto& transfer = *static_cast<Transfer*>(self);
  const std::size_t bytes = size * count;
  transfer.call_.progress();
  transfer.stopped_ = transfer.call_.check();
  if (transfer.stopped_ != STREAMD_OK) return 0;
  if (!transfer.request_.sink || !transfer.response_.ok()) {
    if (transfer.response_.body.size() + bytes > kLongestBody) {
      transfer.stopped_ = transfer.call_.fail(
          STREAMD_INTERNAL, "cannot %s: the response is too long", transfer.request_.what.c_str());
      return 0;
    }
    transfer.response_.body.append(data, bytes);
    return bytes;
  }
  transfer.delivered_ = true;
  transfer.stopped_ = transfer.request_.sink(transfer.response_, data, bytes);
  return transfer.stopped_ == STREAMD_OK ? bytes : 0;
}

std::size_t Transfer::on_header(char* data, std::size_t size, std::size_t count, void* self) {
  auto& transfer = *static_cast<Transfer*>(self);
  std::string line(data, size * count);
  transfer.call_.progress();
  transfer.head_ += line.size();
  if (transfer.head_ > kLongestHead) {  // "100 Continue" for ever would be one, too
    transfer.stopped_ =
        transfer.call_.fail(STREAMD_INTERNAL, "cannot %s: the response's headers are too long",
                            transfer.request_.what.c_str());
    return 0;
  }
  while (!line.empty() && (line.back() == '\n' || line.back() == '\r' || line.back() == ' '))
    line.pop_back();
  if (line.starts_with("HTTP/")) {  // also the one behind a "100 Continue"
    transfer.response_ = {};
    const std::size_t blank = line.find(' ');
    transfer.response_.status =
        blank == std::string::npos ? 0 : std::atoi(line.c_str() + blank + 1);
  } else if (const std::size_t colon = line.find(':'); colon != std::string::npos) {
    std::string name = line.substr(0, colon);
    for (char& c : name)
      if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
    const std::size_t value = line.find_first_not_of(" \t", colon + 1);
    transfer.response_.headers.emplace_back(name,
                                            value == std::string::npos ? "" : line.substr(value));
  }
  return size * count;
}

curl_socket_t Transfer::on_socket(void* self, curlsocktype, curl_sockaddr* address) {
  auto& transfer = *static_cast<Transfer*>(self);
  if (transfer.refuse_public_ && !is_private_address(&address->addr)) {
    transfer.met_public_ = true;
    return CURL_SOCKET_BAD;
  }
  const int opened = ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
  if (opened >= 0)
    setsockopt(opened, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &kUnsentBytes, sizeof kUnsentBytes);
  return opened;
}

}  // namespace streamd::cloud
