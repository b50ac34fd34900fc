#include "config/import/yaml.h"

#include <yaml-cpp/yaml.h>

namespace streamd::config {
namespace {

constexpr int kDepthMax = 32, kNodesMax = 100'000;

// What TOML can carry. The parser takes any bytes for letters, and makes any number a letter that
// is written as \u.
bool is_utf8(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const std::uint32_t first = byte(at);
    const std::size_t more = first < 0x80 ? 0 : first < 0xe0 ? 1 : first < 0xf0 ? 2 : 3;
    if ((first >= 0x80 && first < 0xc2) || first > 0xf4 || more >= text.size() - at) return false;
    std::uint32_t letter = more == 0 ? first : first & (0x3fu >> more);
    for (std::size_t i = 1; i <= more; ++i) {
      if ((byte(at + i) & 0xc0) != 0x80) return false;
      letter = letter << 6 | (byte(at + i) & 0x3f);
    }
    constexpr std::uint32_t kSmallest[] = {0, 0x80, 0x800, 0x10000};
    if (letter < kSmallest[more] || (letter >= 0xd800 && letter < 0xe000) || letter > 0x10ffff)
      return false;
    at += more + 1;
  }
  return true;
}

class Converter {
 public:
  explicit Converter(const std::string& file) : file_(file) {}

  Result<Node> convert(const YAML::Node& node, int depth) {
    Node out{std::string(), {file_, node.Mark().line + 1}};
    if (depth > kDepthMax || ++nodes_ > kNodesMax)
      return make_error(Code::kInvalidConfig, to_text(out.where) + ": the file is too large");
    if (node.IsScalar()) {
      if (!is_utf8(node.Scalar()))
        return make_error(Code::kInvalidConfig, to_text(out.where) + ": a value is not UTF-8");
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
