#include "reply.h"

#include <pugixml.hpp>
#include <sstream>

#include "encoding.h"

namespace streamd::s3 {
namespace {

constexpr unsigned kParse = pugi::parse_default | pugi::parse_ws_pcdata_single;

// The root element, if it has that name.
pugi::xml_node root_of(pugi::xml_document& document, const std::string& body, const char* name) {
  if (!document.load_buffer(body.data(), body.size(), kParse)) return {};
  return document.child(name);
}

std::string text_of(const pugi::xml_node& node, const char* child) {
  return node.child_value(child);
}

std::string without_quotes(std::string etag) {
  if (etag.size() >= 2 && etag.front() == '"' && etag.back() == '"')
    etag = etag.substr(1, etag.size() - 2);
  return etag;
}

// Whether XML 1.0 can carry the text: UTF-8 without control characters.
bool fits_xml(const std::string& text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (byte < 0x20) return false;
    if (byte < 0x80) continue;
    const std::size_t more = byte >= 0xf0 ? 3 : byte >= 0xe0 ? 2 : 1;
    if (byte < 0xc2 || byte > 0xf4) return false;
    for (std::size_t k = 1; k <= more; ++k)
      if (i + k >= text.size() || (static_cast<unsigned char>(text[i + k]) & 0xc0) != 0x80)
        return false;
    i += more;
  }
  return true;
}

std::string print(const pugi::xml_document& document) {
  std::ostringstream out;
  document.save(out, "", pugi::format_raw | pugi::format_no_declaration);
  return out.str();
}

}  // namespace

ErrorReply parse_error(const std::string& body) {
  pugi::xml_document document;
  pugi::xml_node error = root_of(document, body, "Error");
  if (!error) error = document.child("ErrorResponse").child("Error");
  ErrorReply reply{text_of(error, "Code"), text_of(error, "Message"), text_of(error, "RequestId"),
                   text_of(error, "Region")};
  return reply;
}

bool parse_list(const std::string& body, ListPage& page) {
  pugi::xml_document document;
  const pugi::xml_node list = root_of(document, body, "ListBucketResult");
  if (!list) return false;
  const bool encoded = text_of(list, "EncodingType") == "url";
  for (const pugi::xml_node& entry : list.children("Contents")) {
    ListedObject object;
    object.key = text_of(entry, "Key");
    if (encoded) object.key = percent_decode(object.key);
    object.size = entry.child("Size").text().as_ullong();
    object.mtime_seconds = from_iso_date(text_of(entry, "LastModified"));
    object.etag = without_quotes(text_of(entry, "ETag"));
    page.objects.push_back(std::move(object));
  }
  page.more = text_of(list, "IsTruncated") == "true";
  if (page.more) page.next = text_of(list, "NextContinuationToken");
  return true;
}

bool parse_delete(const std::string& body, std::vector<DeleteError>& errors) {
  pugi::xml_document document;
  const pugi::xml_node result = root_of(document, body, "DeleteResult");
  if (!result) return false;
  for (const pugi::xml_node& entry : result.children("Error"))
    errors.push_back({text_of(entry, "Key"), text_of(entry, "Code"), text_of(entry, "Message")});
  return true;
}

bool parse_uploads(const std::string& body, std::vector<OpenUpload>& uploads) {
  pugi::xml_document document;
  const pugi::xml_node list = root_of(document, body, "ListMultipartUploadsResult");
  if (!list) return false;
  const bool encoded = text_of(list, "EncodingType") == "url";
  for (const pugi::xml_node& entry : list.children("Upload")) {
    OpenUpload upload{text_of(entry, "Key"), text_of(entry, "UploadId"),
                      from_iso_date(text_of(entry, "Initiated"))};
    if (encoded) upload.key = percent_decode(upload.key);
    uploads.push_back(std::move(upload));
  }
  return true;
}

namespace {

std::uint32_t days_of(const pugi::xml_node& when) {
  return when.child("Days").text().as_uint();
}

// Filter, And and Prefix come in three generations of the format.
std::string prefix_of(const pugi::xml_node& rule) {
  const pugi::xml_node filter = rule.child("Filter"), both = filter.child("And");
  for (const pugi::xml_node& place : {rule, filter, both})
    if (const pugi::xml_node prefix = place.child("Prefix")) return prefix.child_value();
  return {};
}

bool asks_for_tags(const pugi::xml_node& rule) {
  const pugi::xml_node filter = rule.child("Filter");
  return filter.child("Tag") || filter.child("And").child("Tag");
}

bool is_archive(const std::string& storage_class) {
  return storage_class == "GLACIER" || storage_class == "DEEP_ARCHIVE";
}

}  // namespace

bool parse_lifecycle(const std::string& body, std::vector<ExpiryRule>& rules) {
  pugi::xml_document document;
  const pugi::xml_node root = root_of(document, body, "LifecycleConfiguration");
  if (!root) return false;
  rules.clear();
  for (const pugi::xml_node& rule : root.children("Rule")) {
    const bool in_force = text_of(rule, "Status") == "Enabled";
    if (!in_force || asks_for_tags(rule)) continue;
    const std::string prefix = prefix_of(rule), name = text_of(rule, "ID");
    const pugi::xml_node expiration = rule.child("Expiration");
    if (expiration.child("Days") || expiration.child("Date"))
      rules.push_back({STREAMD_EXPIRY_REMOVES, days_of(expiration), prefix, name});
    for (const pugi::xml_node& move : rule.children("Transition"))
      if (is_archive(text_of(move, "StorageClass")))
        rules.push_back({STREAMD_EXPIRY_ARCHIVES, days_of(move), prefix, name});
  }
  return true;
}

std::string parse_upload_id(const std::string& body) {
  pugi::xml_document document;
  return text_of(root_of(document, body, "InitiateMultipartUploadResult"), "UploadId");
}

std::string parse_etag(const std::string& body) {
  pugi::xml_document document;
  return without_quotes(text_of(root_of(document, body, "CompleteMultipartUploadResult"), "ETag"));
}

bool says_completed(const std::string& body) {
  pugi::xml_document document;
  return root_of(document, body, "CompleteMultipartUploadResult");
}

bool parse_role(const std::string& body, RoleReply& reply) {
  pugi::xml_document document;
  const pugi::xml_node given = root_of(document, body, "AssumeRoleWithWebIdentityResponse")
                                   .child("AssumeRoleWithWebIdentityResult")
                                   .child("Credentials");
  reply = {text_of(given, "AccessKeyId"), text_of(given, "SecretAccessKey"),
           text_of(given, "SessionToken"), from_iso_date(text_of(given, "Expiration"))};
  return !reply.access_key_id.empty() && !reply.secret_access_key.empty() &&
         reply.expires_seconds > 0;
}

bool delete_body(const std::vector<std::string>& keys, std::string& body) {
  pugi::xml_document document;
  pugi::xml_node root = document.append_child("Delete");
  root.append_attribute("xmlns") = "http://s3.amazonaws.com/doc/2006-03-01/";
  root.append_child("Quiet").text() = "true";
  for (const std::string& key : keys) {
    if (!fits_xml(key)) return false;
    root.append_child("Object").append_child("Key").text() = key.c_str();
  }
  body = print(document);
  return true;
}

std::string complete_body(const std::vector<std::string>& etags) {
  pugi::xml_document document;
  pugi::xml_node root = document.append_child("CompleteMultipartUpload");
  root.append_attribute("xmlns") = "http://s3.amazonaws.com/doc/2006-03-01/";
  for (std::size_t i = 0; i < etags.size(); ++i) {
    pugi::xml_node part = root.append_child("Part");
    part.append_child("PartNumber").text() = static_cast<unsigned>(i + 1);
    part.append_child("ETag").text() = etags[i].c_str();
  }
  return print(document);
}

}  // namespace streamd::s3
