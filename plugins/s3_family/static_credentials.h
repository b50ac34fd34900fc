// Credentials that lie ready on this machine: in the configuration, the environment, a file.
#pragma once
#include <string>

#include "credentials.h"
#include "environment.h"

namespace streamd::s3 {

std::unique_ptr<CredentialSource> configured_credentials(Credentials given);
// PREFIX_ACCESS_KEY_ID, PREFIX_SECRET_ACCESS_KEY, PREFIX_SESSION_TOKEN.
std::unique_ptr<CredentialSource> environment_credentials(const char* prefix,
                                                          Environment environment);
// The section `profile` ("" = AWS_PROFILE, else "default") of AWS_SHARED_CREDENTIALS_FILE, else of
// ~/.aws/credentials. Read anew each time, so that another program may renew it.
std::unique_ptr<CredentialSource> shared_file_credentials(std::string profile,
                                                          Environment environment);

}  // namespace streamd::s3
