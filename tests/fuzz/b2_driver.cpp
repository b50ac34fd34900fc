#include "b2_driver.h"

#include "failure.h"
#include "name.h"
#include "reply.h"
#include "store.h"
#include "target.h"
#include "test_call.h"

namespace streamd::fuzz {

void b2_bodies(ByteView bytes) {
  const std::string body(as_text(bytes));
  static_cast<void>(b2::parse_error(body));
  b2::Session session;
  static_cast<void>(b2::parse_session(body, session));
  static_cast<void>(b2::parse_bucket_id(body, "my-bucket"));
  b2::UploadUrl url;
  static_cast<void>(b2::parse_upload_url(body, url));
  b2::FileVersion file;
  if (b2::parse_file(body, file)) static_cast<void>(b2::etag_of(file.id));
  b2::FilePage page;
  static_cast<void>(b2::parse_files(body, page));
  static_cast<void>(b2::why_no_name(body));
  require(body.starts_with(b2::beginning_of_name(body)), "a beginning is one");
}

std::unique_ptr<sdk::Driver> open_b2(const std::string& endpoint) {
  const cloud::TestOptions options({{"bucket", "my-bucket"},
                                    {"endpoint", endpoint},
                                    {"proxy", endpoint},
                                    {"key-id", "KID"},
                                    {"application-key", "secret"},
                                    {"part-size", "5242880"}});
  const cloud::TestCall host;
  std::unique_ptr<sdk::Driver> instance;
  static_cast<void>(b2::Store::open(options.options(), sdk::Call(&host.abi), instance));
  return instance;
}

}  // namespace streamd::fuzz
