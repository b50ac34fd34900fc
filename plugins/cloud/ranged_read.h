// A get of the ABI as one GET with a Range: what is asked for, and whether it came.
#pragma once
#include <streamd/driver.hpp>
#include <string>

#include "http.h"

namespace streamd::cloud {

// Lives as long as the request. Not for a length of 0, for which there is no range: look at the
// object's size instead, and ask judge_empty.
class RangedRead {
 public:
  // All is borrowed. `what` is for messages: "read a/b in bucket".
  RangedRead(const sdk::Call& call, const streamd_get& request, const streamd_sink& sink,
             const std::string& what)
      : call_(call), request_(request), sink_(sink), what_(what) {}
  RangedRead(const RangedRead&) = delete;
  RangedRead& operator=(const RangedRead&) = delete;

  // Adds the header Range unless everything is wanted.
  void ask(Pairs& headers) const;
  // What HttpRequest::sink calls.
  streamd_code take(const HttpResponse& head, const char* data, std::size_t size);
  // After a 2xx response: whether all came. Sets the size of the whole object.
  streamd_code finish(const HttpResponse& response, std::uint64_t& whole_size) const;
  // The same for an object of `size` bytes of which none were to come.
  streamd_code judge_empty(std::uint64_t size) const;

 private:
  bool to_the_end() const { return request_.length == STREAMD_TO_THE_END; }
  bool whole() const { return request_.offset == 0 && to_the_end(); }
  streamd_code too_short(std::uint64_t size) const;

  const sdk::Call& call_;
  const streamd_get& request_;
  const streamd_sink& sink_;
  const std::string& what_;
  std::uint64_t wanted_ = 0, delivered_ = 0;
  // Else the store sends until it is done, and libcurl sees whether it was.
  bool size_is_told_ = true;
};

}  // namespace streamd::cloud
