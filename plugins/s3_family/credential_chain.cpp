#include "credential_chain.h"

#include "role_credentials.h"
#include "static_credentials.h"

namespace streamd::s3 {

std::unique_ptr<CredentialChain> make_credential_chain(const Settings& settings) {
  std::vector<std::unique_ptr<CredentialSource>> sources;
  sources.push_back(configured_credentials(settings.credentials));
  for (const char* prefix : {"STREAMD", "LITESTREAM", "AWS"})
    sources.push_back(environment_credentials(prefix, process_environment));
  sources.push_back(shared_file_credentials(settings.aws_profile, process_environment));
  if (settings.profile->cloud_roles) {
    sources.push_back(
        web_identity_credentials(settings.region, settings.network, process_environment));
    sources.push_back(container_credentials(process_environment));
    sources.push_back(instance_credentials(process_environment));
  }
  return std::make_unique<CredentialChain>(std::move(sources));
}

}  // namespace streamd::s3
