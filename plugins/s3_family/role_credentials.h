// Credentials that AWS gives to a machine, a container or a pod. They expire; the chain renews
// them.
#pragma once
#include "credentials.h"
#include "network.h"
#include "shared.h"
#include "static_credentials.h"

namespace streamd::s3 {

// AWS_WEB_IDENTITY_TOKEN_FILE and AWS_ROLE_ARN, as Kubernetes sets them; asks the token service of
// the region, or AWS_ENDPOINT_URL_STS.
std::unique_ptr<CredentialSource> web_identity_credentials(std::string region, Network network,
                                                           Environment environment);
// AWS_CONTAINER_CREDENTIALS_RELATIVE_URI or _FULL_URI, as ECS and EKS set them.
std::unique_ptr<CredentialSource> container_credentials(Environment environment);
// The metadata service of the instance, version 2, or AWS_EC2_METADATA_SERVICE_ENDPOINT; not with
// AWS_EC2_METADATA_DISABLED=true. No service there is no error.
std::unique_ptr<CredentialSource> instance_credentials(Environment environment);

}  // namespace streamd::s3
