#include "config/import/yaml.h"

#include <yaml-cpp/yaml.h>

namespace streamd::config {
namespace {

constexpr int kDepthMax = 32, kNodesMax = 100'000;

class Converter {
 public:
  explicit Converter(const std::string& file) : file_(file) {}

  Result<Node> convert(const YAML::Node& node, int depth) {
    Node out{std::string(), {file_, node.Mark().line + 1}};
    if (depth > kDepthMax || ++nodes_ > kNodesMax)
      return make_error(Code::kInvalidConfig, to_text(out.where) + ": the file is too large");
    if (node.IsScalar()) {
      out.value = node.Scalar();
    } else if (node.IsSequence()) {
      Array items;
      for (const YAML::Node& item : node) items.push_back(TRY(convert(item, depth + 1)));
      out.value = std::move(items);
    } else if (node.IsMap()) {
      Table members;
      for (const auto& entry : node) {
        Node member = TRY(convert(entry.second, depth + 1));
        member.where.line = entry.first.Mark().line + 1;
        members.push_back({entry.first.IsScalar() ? entry.first.Scalar() : "?", std::move(member)});
      }
      out.value = std::move(members);
    }
    return out;
  }

 private:
  const std::string& file_;
  int nodes_ = 0;
};

}  // namespace

Result<Node> parse_yaml(std::string_view text, const std::string& file) {
  try {
    return Converter(file).convert(YAML::Load(std::string(text)), 0);
  } catch (const YAML::Exception& error) {
    return make_error(Code::kInvalidConfig,
                      to_text(Origin{file, error.mark.line + 1}) + ": " + error.msg);
  }
}

}  // namespace streamd::config
