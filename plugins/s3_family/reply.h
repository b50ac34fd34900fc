// What the stores answer in XML. Pure.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "expiry.h"
#include "shared.h"

namespace streamd::s3 {

struct ErrorReply {
  std::string code, message, request_id;
  std::string region;  // that the request should have named
};
// Empty when the body is no error of S3's.
ErrorReply parse_error(const std::string& body);

struct ListedObject {
  std::string key;
  std::uint64_t size = 0;
  std::int64_t mtime_seconds = 0;
  std::string etag;
};
struct ListPage {
  std::vector<ListedObject> objects;
  bool more = false;  // this was not the last page
  std::string next;   // continuation token; some stores give none, and want the last key instead
};
// False when the body is no list.
bool parse_list(const std::string& body, ListPage& page);

struct DeleteError {
  std::string key, code, message;
};
bool parse_delete(const std::string& body, std::vector<DeleteError>& errors);

struct OpenUpload {
  std::string key, id;
  std::int64_t began_seconds = 0;
};
bool parse_uploads(const std::string& body, std::vector<OpenUpload>& uploads);

// The rules in force that remove or archive objects without tags. False when the body is no
// lifecycle configuration.
bool parse_lifecycle(const std::string& body, std::vector<ExpiryRule>& rules);

// "" = not there.
std::string parse_upload_id(const std::string& body);
std::string parse_etag(const std::string& body);
// The result of an upload in parts, whole; Ceph's has an empty ETag.
bool says_completed(const std::string& body);

struct RoleReply {
  std::string access_key_id, secret_access_key, session_token;
  std::int64_t expires_seconds = 0;
};
// Of the token service.
bool parse_role(const std::string& body, RoleReply& reply);

// The bodies of requests. False: XML cannot spell one of the keys.
bool delete_body(const std::vector<std::string>& keys, std::string& body);
std::string complete_body(const std::vector<std::string>& etags);

}  // namespace streamd::s3
