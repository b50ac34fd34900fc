// Sending an object in one request, through as many upload URLs as it needs.
#pragma once
#include <streamd/driver.hpp>
#include <string>

#include "client.h"
#include "upload_urls.h"

namespace streamd::b2 {

inline constexpr int kUploadAttempts = 5;  // upload URLs for one upload, as the vendor advises

// The request that sends `body` (a HashedBody's) to an upload URL.
HttpRequest upload_request(const UploadUrl& url, const Pairs& headers, const Body& body,
                           const std::string& what);

// OK = stored, and `stored` is the new version.
streamd_code upload(Client& client, UploadUrls& urls, const sdk::Call& call, const std::string& key,
                    const std::string& what, const streamd_source& source, FileVersion& stored);

}  // namespace streamd::b2
