#include "storage/fault_store.h"

#include <fmt/format.h>

#include <array>
#include <atomic>
#include <charconv>
#include <cmath>
#include <string>
#include <utility>

namespace streamd::storage {
namespace {

constexpr std::array<std::pair<std::string_view, Code>, 9> kCodes{{
    {"not_found", Code::kNotFound},
    {"exists", Code::kExists},
    {"auth", Code::kAuth},
    {"permission", Code::kPermission},
    {"throttled", Code::kThrottled},
    {"transient", Code::kTransient},
    {"timeout", Code::kTimeout},
    {"corrupt", Code::kCorrupt},
    {"internal", Code::kInternal},
}};

Error bad_rule(std::string_view rule, std::string_view part) {
  return make_error(Code::kInvalidConfig,
                    fmt::format("fault '{}': '{}' is not understood", rule, part),
                    "write operation:code:percent, as in put:transient:10%");
}

std::vector<std::string_view> split(std::string_view text, char by) {
  std::vector<std::string_view> parts;
  for (;;) {
    const std::size_t at = text.find(by);
    parts.push_back(text.substr(0, at));
    if (at == std::string_view::npos) return parts;
    text.remove_prefix(at + 1);
  }
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

bool parse_operation(std::string_view text, std::optional<Operation>& out) {
  if (text == "any") return true;
  for (std::size_t i = 0; i < kOperations; ++i) {
    if (text != operation_name(static_cast<Operation>(i))) continue;
    out = static_cast<Operation>(i);
    return true;
  }
  return false;
}

bool parse_percent(std::string_view text, std::uint32_t& per_million) {
  if (!text.ends_with('%')) return false;
  text.remove_suffix(1);
  double percent = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), percent);
  if (error != std::errc{} || end != text.data() + text.size()) return false;
  if (!(percent >= 0 && percent <= 100)) return false;
  per_million = static_cast<std::uint32_t>(std::lround(percent * 10'000));
  return true;
}

Result<FaultRule> parse_rule(std::string_view text) {
  const auto parts = split(text, ':');
  FaultRule rule;
  if (parts.size() < 3 || parts.size() > 4) return bad_rule(text, text);
  if (!parse_operation(parts[0], rule.operation)) return bad_rule(text, parts[0]);
  const auto* code = std::find_if(kCodes.begin(), kCodes.end(),
                                  [&](const auto& known) { return known.first == parts[1]; });
  if (code == kCodes.end()) return bad_rule(text, parts[1]);
  rule.code = code->second;
  if (!parse_percent(parts[2], rule.per_million)) return bad_rule(text, parts[2]);
  rule.after = parts.size() == 4;
  if (rule.after && parts[3] != "after") return bad_rule(text, parts[3]);
  return rule;
}

class FaultStore final : public Store {
 public:
  FaultStore(std::shared_ptr<Store> inner, std::vector<FaultRule> rules, std::uint64_t seed)
      : inner_(std::move(inner)), rules_(std::move(rules)), state_(seed) {}

  Result<Capabilities> probe(const Call& call) override {
    return faulty<Result<Capabilities>>(Operation::kProbe, [&] { return inner_->probe(call); });
  }
  Result<ObjectStat> put(const std::string& key, const ByteSource& source,
                         const PutOptions& options, const Call& call) override {
    return faulty<Result<ObjectStat>>(Operation::kPut,
                                      [&] { return inner_->put(key, source, options, call); });
  }
  Result<ObjectStat> get(const std::string& key, std::uint64_t offset, std::uint64_t length,
                         const Sink& sink, const Call& call) override {
    return faulty<Result<ObjectStat>>(Operation::kGet,
                                      [&] { return inner_->get(key, offset, length, sink, call); });
  }
  Result<ObjectStat> stat(const std::string& key, const Call& call) override {
    return faulty<Result<ObjectStat>>(Operation::kStat, [&] { return inner_->stat(key, call); });
  }
  Status list(const std::string& prefix, const std::string& start_after, const ListSink& sink,
              const Call& call) override {
    return faulty<Status>(Operation::kList,
                          [&] { return inner_->list(prefix, start_after, sink, call); });
  }
  Status remove(std::span<const std::string> keys, const Call& call) override {
    return faulty<Status>(Operation::kRemove, [&] { return inner_->remove(keys, call); });
  }

 private:
  // The first rule that strikes.
  const FaultRule* strike(Operation operation) {
    for (const FaultRule& rule : rules_) {
      if (rule.operation && *rule.operation != operation) continue;
      if (next_random() % 1'000'000 < rule.per_million) return &rule;
    }
    return nullptr;
  }
  std::uint64_t next_random() {  // splitmix64
    std::uint64_t mixed = state_.fetch_add(0x9e3779b97f4a7c15ULL) + 0x9e3779b97f4a7c15ULL;
    mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9ULL;
    mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111ebULL;
    return mixed ^ (mixed >> 31);
  }
  template <class Outcome, class Run>
  Outcome faulty(Operation operation, const Run& run) {
    const FaultRule* rule = strike(operation);
    if (rule == nullptr) return run();
    if (rule->after) {
      Outcome outcome = run();
      if (!outcome) return outcome;
    }
    return make_error(rule->code, fmt::format("{}: failed on purpose, as 'fault' asks",
                                              operation_name(operation)));
  }

  std::shared_ptr<Store> inner_;
  std::vector<FaultRule> rules_;
  std::atomic<std::uint64_t> state_;
};

}  // namespace

Result<std::vector<FaultRule>> parse_faults(std::string_view text) {
  std::vector<FaultRule> rules;
  if (trimmed(text).empty()) return rules;
  for (const std::string_view rule : split(text, ','))
    rules.push_back(TRY(parse_rule(trimmed(rule))));
  return rules;
}

std::shared_ptr<Store> with_faults(std::shared_ptr<Store> inner, std::vector<FaultRule> rules,
                                   std::uint64_t seed) {
  if (rules.empty()) return inner;
  return std::make_shared<FaultStore>(std::move(inner), std::move(rules), seed);
}

}  // namespace streamd::storage
