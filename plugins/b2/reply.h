// What the API answers in JSON. Pure.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "expiry.h"

namespace streamd::b2 {

struct ErrorReply {
  std::string code, message;
};
// Empty when the body is no error of B2's.
ErrorReply parse_error(const std::string& body);

struct Bucket {
  std::string id;
  std::string name;  // "" = it is gone
};

// What a key is traded for.
struct Session {
  std::string account_id;
  std::string token;
  std::string api_url, download_url;  // scheme and host, without a '/' at the end
  std::uint64_t minimum_part = 0;     // bytes, of all parts but the last
  std::vector<std::string> capabilities;
  std::string name_prefix;      // of all names that the key may touch; "" = all
  std::vector<Bucket> buckets;  // that the key may use; empty = all
  std::string bucket_id;        // of the configured one; not a part of the reply

  bool may(const std::string& capability) const;
};
// False when the body is none, or of a version that we do not know.
bool parse_session(const std::string& body, Session& session);

// Id of the bucket of that name; "" when there is none, or when the body is no list of buckets.
std::string parse_bucket_id(const std::string& body, const std::string& name);

// The rules of that bucket that hide files, which takes them out of lists.
std::vector<cloud::ExpiryRule> parse_expiry(const std::string& body, const std::string& bucket_id);

struct UploadUrl {
  std::string url, token;
};
bool parse_upload_url(const std::string& body, UploadUrl& found);

// A version of a file, or what is listed in the place of one.
struct FileVersion {
  std::string name, id, action, sha1;
  std::uint64_t size = 0;
  std::int64_t timestamp_ms = 0;
};
bool parse_file(const std::string& body, FileVersion& file);

struct FilePage {
  std::vector<FileVersion> files;
  std::string next_name, next_id;  // "" = this was the last page
};
bool parse_files(const std::string& body, FilePage& page);

// What tells two versions apart, short enough for streamd_object.etag.
std::string etag_of(const std::string& file_id);

}  // namespace streamd::b2
