// One request on its way: a libcurl handle and its callbacks.
#pragma once
#include <curl/curl.h>

#include <streamd/driver.hpp>
#include <string>

#include "http.h"
#include "network.h"

namespace streamd::cloud {

// Made, started on a Wire, and asked for its result once the wire says that it is done.
class Transfer {
 public:
  // All is borrowed but the request.
  Transfer(const Network& network, const sdk::Call& call, HttpRequest request);
  ~Transfer();  // also in the middle of it
  Transfer(const Transfer&) = delete;
  Transfer& operator=(const Transfer&) = delete;

  // OK = there is a response, of whatever status. Else the code of whoever stopped it (the host's
  // source or sink, cancellation, a timeout) or what the network did, with the error filled.
  streamd_code result() const;
  bool stopped() const { return stopped_ != STREAMD_OK; }  // by the host's side, not the network
  const HttpResponse& response() const { return response_; }
  bool delivered() const { return delivered_; }  // the sink has seen a byte

 private:
  friend class Wire;
  void join(CURLM* multi);
  void leave(CURLcode result);
  void set_method();
  void set_network(const Network& network);
  streamd_code network_failure() const;
  static std::size_t on_read(char* to, std::size_t size, std::size_t count, void* self);
  static int on_seek(void* self, curl_off_t offset, int origin);
  static std::size_t on_write(char* data, std::size_t size, std::size_t count, void* self);
  static std::size_t on_header(char* data, std::size_t size, std::size_t count, void* self);
  static curl_socket_t on_socket(void* self, curlsocktype purpose, curl_sockaddr* address);

  const sdk::Call& call_;
  const HttpRequest request_;
  const bool refuse_public_;
  HttpResponse response_;
  CURL* handle_;
  CURLM* multi_ = nullptr;
  curl_slist* headers_ = nullptr;
  std::uint64_t sent_ = 0;
  streamd_code stopped_ = STREAMD_OK;  // by a callback, with the error filled
  bool delivered_ = false;
  std::size_t head_ = 0;  // bytes of headers so far
  bool met_public_ = false;
  CURLcode curl_result_ = CURLE_OK;
  char detail_[CURL_ERROR_SIZE] = {};
};

}  // namespace streamd::cloud
