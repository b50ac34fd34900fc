#include "apps/command_line.h"

#include <optional>

namespace streamd::apps {
namespace {

Error unfinished(std::string_view text, const char* what) {
  return make_error(Code::kUsage, "--exec '" + std::string(text) + "': " + what,
                    "quote as for a shell, or run one: --exec \"sh -c '...'\"");
}

// Takes one quoted part from the front, behind its opening quote; false when it does not end.
bool take_quoted(std::string_view& rest, char quote, std::string& word) {
  while (!rest.empty()) {
    const char c = rest.front();
    rest.remove_prefix(1);
    if (c == quote) return true;
    const bool escaped =
        quote == '"' && c == '\\' && !rest.empty() && (rest.front() == '"' || rest.front() == '\\');
    word += escaped ? rest.front() : c;
    if (escaped) rest.remove_prefix(1);
  }
  return false;
}

}  // namespace

Result<std::vector<std::string>> split_command(std::string_view text) {
  std::vector<std::string> words;
  std::optional<std::string> word;  // an empty one counts: ''
  for (std::string_view rest = text; !rest.empty();) {
    const char c = rest.front();
    rest.remove_prefix(1);
    if (c == ' ' || c == '\t' || c == '\n') {
      if (word) words.push_back(std::move(*word));
      word.reset();
      continue;
    }
    if (!word) word.emplace();
    if (c == '\'' || c == '"') {
      if (!take_quoted(rest, c, *word)) return unfinished(text, "a quote is not closed");
    } else if (c != '\\') {
      *word += c;
    } else if (rest.empty()) {
      return unfinished(text, "nothing follows the backslash");
    } else {
      *word += rest.front();
      rest.remove_prefix(1);
    }
  }
  if (word) words.push_back(std::move(*word));
  if (words.empty() || words.front().empty()) return unfinished(text, "it names no program");
  return words;
}

}  // namespace streamd::apps
