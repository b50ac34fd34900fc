// Texts with names in them that stand for values: the bodies of scripts.
#pragma once
#include <string>

namespace streamd::apps {

// `text` with each `name` replaced by `value`.
std::string filled_in(std::string text, const std::string& name, const std::string& value);

}  // namespace streamd::apps
