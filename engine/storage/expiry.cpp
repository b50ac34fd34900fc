// DriverStore::expiry_rules: the extension streamd.expiry/1 of drivers.
#include <streamd/expiry.h>

#include "storage/driver_callbacks.h"
#include "storage/driver_store.h"

namespace streamd::storage {
namespace {

constexpr std::size_t kMostRules = 10'000;  // stores allow a thousand

struct RuleState {
  DriverCall& call;
  std::vector<ExpiryRule>& rules;

  static streamd_code rule(void* ctx, const streamd_expiry_rule* rule) {
    auto* self = static_cast<RuleState*>(ctx);
    return fenced(self->call, [&]() -> Status {
      if (rule == nullptr || !STREAMD_HAS(rule, name) || rule->prefix == nullptr ||
          rule->name == nullptr)
        return misbehaviour("told a rule without its members");
      if (self->rules.size() >= kMostRules) return misbehaviour("told rules without end");
      self->rules.push_back(
          {rule->effect == STREAMD_EXPIRY_ARCHIVES, rule->days, rule->prefix, rule->name});
      return {};
    });
  }
};

}  // namespace

Result<std::vector<ExpiryRule>> DriverStore::expiry_rules(const Call& call) {
  std::vector<ExpiryRule> rules;
  const auto lookup = library_->api().extension;
  const auto* expiry =
      static_cast<const streamd_expiry*>(lookup == nullptr ? nullptr : lookup(STREAMD_EXPIRY_ID));
  if (expiry == nullptr || !STREAMD_HAS(expiry, rules) || expiry->rules == nullptr)
    return make_error(Code::kUnsupported, "this driver does not tell what the store removes");
  const auto place = TRY(gate_.enter(call));
  DriverCall down(name(), call);
  RuleState state{down, rules};
  const streamd_expiry_sink sink{&state, RuleState::rule};
  TRY(down.result(expiry->rules(instance_, down.abi(), &sink), "look at the storage's rules"));
  return rules;
}

}  // namespace streamd::storage
