#include "apps/manual/filled_in.h"

namespace streamd::apps {

std::string filled_in(std::string text, const std::string& name, const std::string& value) {
  for (std::size_t at = 0; (at = text.find(name, at)) != std::string::npos; at += value.size())
    text.replace(at, name.size(), value);
  return text;
}

}  // namespace streamd::apps
