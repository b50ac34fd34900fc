#include "apps/manual/roff.h"

#include <algorithm>
#include <cctype>

namespace streamd::apps {

std::string roff(const std::string& text) {
  std::string safe;
  bool at_begin = true;
  for (const char c : text) {
    if (at_begin && (c == '.' || c == '\'')) safe += "\\&";
    if (c == '\\')
      safe += "\\e";
    else if (c == '-')
      safe += "\\-";
    else if (c == '"')
      safe += "\\(dq";
    else if (c == '\'')
      safe += "\\(aq";
    else if (c == '`')
      safe += "\\(ga";
    else
      safe += c;
    at_begin = c == '\n';
  }
  return safe;
}

std::string bold(const std::string& text) {
  return "\\fB" + roff(text) + "\\fR";
}

std::string italic(const std::string& text) {
  return "\\fI" + roff(text) + "\\fR";
}

std::string title(const std::string& name, int section, const std::string& help) {
  std::string upper = name;
  std::transform(upper.begin(), upper.end(), upper.begin(),
                 [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return ".TH " + upper + " " + std::to_string(section) +
         " \"\" \"streamd " STREAMD_VERSION "\" \"streamd\"\n.SH NAME\n" + roff(name) + " \\- " +
         roff(help) + "\n";
}

std::string heading(const std::string& text) {
  return ".SH " + text + "\n";
}

std::string subheading(const std::string& roff_text) {
  return ".SS " + roff_text + "\n";
}

std::string paragraph(const std::string& text) {
  return ".PP\n" + roff(text) + "\n";
}

std::string item(const std::string& roff_tag, const std::string& text) {
  return ".TP\n" + roff_tag + "\n" + roff(text) + "\n";
}

std::string verbatim(const std::string& text) {
  return ".PP\n.nf\n" + roff(text) + "\n.fi\n";
}

}  // namespace streamd::apps
