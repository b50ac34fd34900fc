// What this endpoint can do.
#include "digest.h"
#include "failure.h"
#include "reply.h"
#include "store.h"

namespace streamd::s3 {
namespace {

// Of an answer to the probe: the next one may be another, or nothing can be asked at all.
bool fails_everything(streamd_code code) {
  return code == STREAMD_TRANSIENT || code == STREAMD_THROTTLED || code == STREAMD_AUTH;
}

}  // namespace

streamd_code Store::probe(const sdk::Call& call, streamd_caps& out) {
  if (const streamd_code code = call.check(); code != STREAMD_OK) return code;
  const Settings& settings = client_.settings();
  Request look;
  look.method = "GET";
  look.query = {{"list-type", "2"}, {"max-keys", "1"}};
  look.what = "look at bucket " + settings.bucket;
  HttpResponse response;
  if (const auto code = client_.send(call, look, response); code != STREAMD_OK) return code;
  // A key may be allowed to list only below its prefix, which we do not know: that is no failure.
  if (!response.ok() && parse_error(response.body).code != "AccessDenied") {
    const streamd_code code = client_.fail(call, look, response);
    if (code != STREAMD_NOT_FOUND) return code;
    return call.fail(STREAMD_INVALID_CONFIG, "cannot %s: there is no such bucket",
                     look.what.c_str());
  }
  if (response.ok()) bucket_seen_ = true;
  Honours answer = Honours::kUnknown;
  if (const auto code = honours_if_absent(call, answer); code != STREAMD_OK) return code;
  out.flags = STREAMD_CAP_STRONG_LIST;
  if (settings.profile->ordered_list) out.flags |= STREAMD_CAP_ORDERED_LIST;
  if (answer == Honours::kYes) out.flags |= STREAMD_CAP_IF_ABSENT;
  out.max_concurrency = settings.max_concurrency;
  out.max_object_size = kLargestObject;
  out.part_size = settings.part_size;
  out.max_remove_batch = kLargestBatch;
  return STREAMD_OK;
}

streamd_code Store::honours_if_absent(const sdk::Call& call, Honours& answer) {
  CallLock::Held held;
  if (const streamd_code code = probe_lock_.take(call, held); code != STREAMD_OK) return code;
  if (if_absent_ == Honours::kUnknown) {
    if (const auto code = ask_if_absent(call, if_absent_); code != STREAMD_OK) return code;
  }
  answer = if_absent_;
  return STREAMD_OK;
}

// Some stores refuse the header, some take it and do nothing. So the same small object is put
// twice: only a store that refuses the second one honours it. The object stays: next time one put
// is enough. What says neither (the key may not write there, a proxy answers) leaves `answer`
// alone.
streamd_code Store::ask_if_absent(const sdk::Call& call, Honours& answer) {
  const std::string text = "streamd asks whether this store honours If-None-Match\n";
  Request ask;
  ask.method = "PUT";
  ask.key = kProbeKey;
  ask.headers = {{"If-None-Match", "*"}};
  ask.headers.insert(ask.headers.end(), client_.settings().store_headers.begin(),
                     client_.settings().store_headers.end());
  ask.body = body_of(text);
  ask.payload_hash = hex(sha256(text));
  ask.what = "put if absent in " + client_.settings().bucket;
  for (int i = 0; i < 2; ++i) {
    HttpResponse response;
    if (const auto code = client_.send(call, ask, response); code != STREAMD_OK) return code;
    if (response.ok()) continue;
    const std::string word = parse_error(response.body).code;
    const std::string where =
        client_.settings().bucket + ": status " + std::to_string(response.status) + " " + word;
    if (response.status == 412 || word == "ConditionalRequestConflict") {
      answer = Honours::kYes;
    } else if (response.status == 501 || word == "NotImplemented") {
      answer = Honours::kNo;
      call.log(STREAMD_LOG_INFO, "put if absent is not available in " + where);
    } else if (fails_everything(code_of(response.status, word))) {
      return client_.fail(call, ask, response);
    } else {
      call.log(STREAMD_LOG_INFO, "whether put if absent is available is asked again in " + where +
                                     " (may the key store " + kProbeKey + "?)");
    }
    return STREAMD_OK;
  }
  answer = Honours::kNo;
  call.log(STREAMD_LOG_INFO,
           "put if absent is not available in " + client_.settings().bucket + ": it is ignored");
  return STREAMD_OK;
}

}  // namespace streamd::s3
