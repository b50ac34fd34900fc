// What man pages are made of: text that roff takes as it is, and the few macros of man(7) we use.
#pragma once
#include <string>

namespace streamd::apps {

std::string roff(const std::string& text);  // escaped; a line may begin with anything
std::string bold(const std::string& text);
std::string italic(const std::string& text);

std::string title(const std::string& name, int section, const std::string& help);
std::string heading(const std::string& text);
std::string subheading(const std::string& roff_text);
std::string paragraph(const std::string& text);
std::string item(const std::string& roff_tag, const std::string& text);  // a tag, its text indented
std::string verbatim(const std::string& text);

}  // namespace streamd::apps
