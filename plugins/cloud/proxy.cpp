#include "proxy.h"

#include <curl/curl.h>

#include <memory>

namespace streamd::cloud {
namespace {

struct CloseUrl {
  void operator()(CURLU* url) const { curl_url_cleanup(url); }
};
using Url = std::unique_ptr<CURLU, CloseUrl>;

// "" = it has no such part. False: it cannot be decoded.
bool get(CURLU* url, CURLUPart part, unsigned flags, std::string& text) {
  char* found = nullptr;
  const CURLUcode code = curl_url_get(url, part, &found, flags);
  text = code == CURLUE_OK ? found : "";
  curl_free(found);
  return code != CURLUE_URLDECODE && code != CURLUE_OUT_OF_MEMORY;
}

// Where a '/', '?' or '#' in the password ended the host too early, there is more behind it.
bool has_more(CURLU* url) {
  std::string scheme, host, path, query, fragment;
  get(url, CURLUPART_SCHEME, 0, scheme);
  get(url, CURLUPART_HOST, 0, host);
  get(url, CURLUPART_PATH, 0, path);
  get(url, CURLUPART_QUERY, 0, query);
  get(url, CURLUPART_FRAGMENT, 0, fragment);
  const bool is_socket = scheme.starts_with("socks") && host == "localhost";  // its path
  return !query.empty() || !fragment.empty() || (!path.empty() && path != "/" && !is_socket);
}

}  // namespace

bool parse_proxy(const std::string& text, Proxy& proxy) {
  proxy = {};
  if (text.empty()) return true;
  const std::string whole = text.find("://") == std::string::npos ? "http://" + text : text;
  const Url url(curl_url());
  if (!url ||
      curl_url_set(url.get(), CURLUPART_URL, whole.c_str(), CURLU_NON_SUPPORT_SCHEME) != CURLUE_OK)
    return false;
  if (has_more(url.get()) || !get(url.get(), CURLUPART_USER, CURLU_URLDECODE, proxy.user) ||
      !get(url.get(), CURLUPART_PASSWORD, CURLU_URLDECODE, proxy.password))
    return false;
  for (const CURLUPart part : {CURLUPART_USER, CURLUPART_PASSWORD})
    curl_url_set(url.get(), part, nullptr, 0);
  return get(url.get(), CURLUPART_URL, 0, proxy.url) && !proxy.url.empty();
}

}  // namespace streamd::cloud
