#include "profile.h"

#include <string_view>

namespace streamd::s3 {
namespace {

// clang-format off
constexpr Profile kProfiles[] = {
  //                                                                                  vhost  batch  order  roles parts calls
  {"aws",       ".amazonaws.com",           "s3.{region}.amazonaws.com",      "",            true,  true,  true,  true,  4, 8, ""},
  {"aws-cn",    ".amazonaws.com.cn",        "s3.{region}.amazonaws.com.cn",   "",            true,  true,  true,  true,  4, 8, ""},
  {"r2",        ".r2.cloudflarestorage.com", "",                              "auto",        false, true,  true,  false, 2, 8, ""},
  {"spaces",    ".digitaloceanspaces.com",  "{region}.digitaloceanspaces.com", "",           true,  true,  true,  false, 4, 8, ""},
  {"wasabi",    ".wasabisys.com",           "s3.{region}.wasabisys.com",      "us-east-1",   false, true,  true,  false, 4, 8, ""},
  {"backblaze", ".backblazeb2.com",         "s3.{region}.backblazeb2.com",    "",            false, true,  true,  false, 4, 8, ""},
  {"hetzner",   ".your-objectstorage.com",  "{region}.your-objectstorage.com", "",           false, true,  true,  false, 4, 8, ""},
  {"scaleway",  ".scw.cloud",               "s3.{region}.scw.cloud",          "",            false, true,  true,  false, 4, 8, ""},
  {"tigris",    ".storage.dev",             "t3.storage.dev",                 "auto",        true,  true,  true,  false, 4, 8, "X-Tigris-Consistent: true"},
  {"tigris",    ".tigris.dev",              "fly.storage.tigris.dev",         "auto",        true,  true,  true,  false, 4, 8, "X-Tigris-Consistent: true"},
  {"gcs",       "storage.googleapis.com",   "storage.googleapis.com",         "auto",        false, false, true,  false, 4, 8, ""},
  {"storj",     ".storjshare.io",           "gateway.storjshare.io",          "us-east-1",   false, true,  false, false, 4, 8, ""},
  {"minio",     "",                         "",                               "us-east-1",   false, true,  true,  false, 4, 8, ""},
  {"ceph",      "",                         "",                               "us-east-1",   false, true,  true,  false, 4, 8, ""},
  {"garage",    "",                         "",                               "garage",      false, true,  true,  false, 4, 8, ""},
  {"generic",   "",                         "",                               "us-east-1",   false, true,  true,  false, 4, 8, ""},
};
// clang-format on

}  // namespace

const Profile* find_profile(const std::string& name) {
  for (const Profile& row : kProfiles)
    if (name == row.name) return &row;
  return nullptr;
}

const Profile& profile_of_host(const std::string& host) {
  for (const Profile& row : kProfiles)
    if (row.host[0] != '\0' && std::string_view(host).ends_with(row.host)) return row;
  return *find_profile("generic");
}

std::string profile_names() {
  std::string names, last;
  for (const Profile& row : kProfiles) {
    if (last != row.name) names += (names.empty() ? "" : ", ") + std::string(row.name);
    last = row.name;
  }
  return names;
}

}  // namespace streamd::s3
