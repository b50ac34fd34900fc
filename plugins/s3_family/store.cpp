#include "store.h"

#include "credential_chain.h"

namespace streamd::s3 {

Store::Store(Settings settings)
    : client_(settings, make_credential_chain(settings)), batches_(settings.profile->batch_delete) {
  if (settings.if_absent == Settings::IfAbsent::kYes) if_absent_ = Honours::kYes;
  if (settings.if_absent == Settings::IfAbsent::kNo) if_absent_ = Honours::kNo;
}

streamd_code Store::open(const sdk::Options& options, const sdk::Call& call, const Dialect& dialect,
                         std::unique_ptr<sdk::Driver>& instance) {
  if (const auto code = start_libcurl(call); code != STREAMD_OK) return code;
  Settings settings;
  if (const auto code = read_settings(options, call, dialect, settings); code != STREAMD_OK)
    return code;
  instance = std::make_unique<Store>(std::move(settings));
  return STREAMD_OK;
}

std::string Store::on(const char* what, const char* key) const {
  return std::string(what) + " " + shown_key(key) + " in " + client_.settings().bucket;
}

streamd_object object_of(const HttpResponse& response) {
  std::string etag = response.header("etag");
  if (etag.size() >= 2 && etag.front() == '"') etag = etag.substr(1, etag.size() - 2);
  std::int64_t mtime = from_http_date(response.header("last-modified"));
  if (mtime < 0) mtime = from_http_date(response.header("date"));
  return sdk::make_object(response.whole_size(), nanoseconds_of_seconds(mtime), etag);
}

}  // namespace streamd::s3
