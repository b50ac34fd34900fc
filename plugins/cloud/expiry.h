// The extension streamd.expiry/1 (<streamd/expiry.h>) for a store class with
//     streamd_code expiry_rules(const sdk::Call&, std::vector<ExpiryRule>&);
#pragma once
#include <streamd/expiry.h>

#include <cstring>
#include <streamd/driver.hpp>
#include <string>
#include <vector>

namespace streamd::cloud {

struct ExpiryRule {
  std::uint32_t effect = STREAMD_EXPIRY_REMOVES;
  std::uint32_t days = 0;
  std::string prefix, name;
};

template <class Store>
struct ExpiryExtension {
  static streamd_code rules(void* instance, const streamd_call* c,
                            const streamd_expiry_sink* sink) {
    const sdk::Call call(c);
    return sdk::detail::fence(call, [&] {
      auto& store = static_cast<Store&>(*static_cast<sdk::Driver*>(instance));
      std::vector<ExpiryRule> found;
      if (const auto code = store.expiry_rules(call, found); code != STREAMD_OK) return code;
      for (const ExpiryRule& each : found) {
        const streamd_expiry_rule rule{sizeof(streamd_expiry_rule), each.effect,      each.days, 0,
                                       each.prefix.c_str(),         each.name.c_str()};
        if (const auto code = sink->rule(sink->ctx, &rule); code != STREAMD_OK) return code;
      }
      return streamd_code{STREAMD_OK};
    });
  }
  static constexpr streamd_expiry kTable{sizeof(streamd_expiry), 0, rules};
};

// What a driver's extension() comes to.
template <class Store>
const void* expiry_extension(const char* id) {
  return std::strcmp(id, STREAMD_EXPIRY_ID) == 0 ? &ExpiryExtension<Store>::kTable : nullptr;
}

}  // namespace streamd::cloud
