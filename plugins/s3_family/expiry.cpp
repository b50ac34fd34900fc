// The bucket's lifecycle rules, as far as they take objects away.
#include "expiry.h"

#include "reply.h"
#include "store.h"

namespace streamd::s3 {

streamd_code Store::expiry_rules(const sdk::Call& call, std::vector<ExpiryRule>& rules) {
  if (const streamd_code code = call.check(); code != STREAMD_OK) return code;
  Request look;
  look.method = "GET";
  look.query = {{"lifecycle", ""}};
  look.what = "look at the lifecycle rules of " + client_.settings().bucket;
  HttpResponse response;
  if (const auto code = client_.send(call, look, response); code != STREAMD_OK) return code;
  rules.clear();
  const std::string word = parse_error(response.body).code;
  if (response.ok() && parse_lifecycle(response.body, rules)) return STREAMD_OK;
  if (word == "NoSuchLifecycleConfiguration") return STREAMD_OK;
  if (response.ok() || response.status == 501 || response.status == 405 || response.status == 400)
    return call.error(STREAMD_UNSUPPORTED)
        .http(response.status)
        .provider(word)
        .message("this store knows no lifecycle rules");
  return client_.fail(call, look, response);
}

}  // namespace streamd::s3
