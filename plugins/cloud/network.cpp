#include "network.h"

namespace streamd::cloud {

streamd_code read_network(const sdk::Options& options, const sdk::Call& call,
                          const Endpoint& endpoint, Network& network) {
  network.ca_file = options.text("ca-file");
  if (!parse_proxy(options.text("proxy"), network.proxy))
    return call.fail(STREAMD_INVALID_CONFIG,
                     "proxy is no URL like http://user:password@host:port (percent-encode what is "
                     "no letter or digit in the password)");
  network.tls_verify = options.flag("tls-verify", true);
  const bool plain = !endpoint.tls && !options.flag("allow-http");
  const bool known = is_private_host(endpoint.host);
  const std::string where = "endpoint http://" + endpoint.authority();
  if (plain && !known && (is_address(endpoint.host) || !network.proxy.url.empty()))
    return call.fail(STREAMD_INVALID_CONFIG,
                     "%s is plain http and not private; use https, or allow-http = true",
                     where.c_str());
  network.refuse_public = plain && network.proxy.url.empty();
  if (endpoint.tls && !network.tls_verify)
    call.log(STREAMD_LOG_WARN,
             "tls-verify = false: the certificate of " + endpoint.host +
                 " is not checked; anybody on the way can read and change the backups");
  if (!endpoint.tls && !known)
    call.log(STREAMD_LOG_WARN, where + " is plain http: backups can be read on the way");
  return STREAMD_OK;
}

}  // namespace streamd::cloud
