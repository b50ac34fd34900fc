#include "s3_driver.h"

#include "failure.h"
#include "reply.h"
#include "store.h"
#include "target.h"
#include "test_call.h"

namespace streamd::fuzz {

void s3_bodies(ByteView bytes) {
  const std::string body(as_text(bytes));
  static_cast<void>(s3::parse_error(body));
  s3::ListPage page;
  static_cast<void>(s3::parse_list(body, page));
  std::vector<s3::DeleteError> errors;
  static_cast<void>(s3::parse_delete(body, errors));
  std::vector<s3::OpenUpload> uploads;
  static_cast<void>(s3::parse_uploads(body, uploads));
  static_cast<void>(s3::parse_upload_id(body));
  static_cast<void>(s3::parse_etag(body));
  s3::RoleReply role;
  static_cast<void>(s3::parse_role(body, role));
  std::vector<std::string> keys;
  for (const s3::ListedObject& object : page.objects) keys.push_back(object.key);
  std::string request;
  if (s3::delete_body(keys, request)) require(!request.empty(), "a request has a body");
}

std::unique_ptr<sdk::Driver> open_s3(const std::string& endpoint) {
  const cloud::TestOptions options({{"bucket", "bucket"},
                                    {"endpoint", endpoint},
                                    {"proxy", endpoint},
                                    {"access-key-id", "AKID"},
                                    {"secret-access-key", "secret"},
                                    {"part-size", "5242880"}});
  const cloud::TestCall host;
  std::unique_ptr<sdk::Driver> instance;
  static_cast<void>(s3::Store::open(options.options(), sdk::Call(&host.abi), {}, instance));
  return instance;
}

}  // namespace streamd::fuzz
