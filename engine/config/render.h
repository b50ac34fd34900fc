// `config show`: what is in effect, as TOML or JSON. Secrets are shown as ***.
#pragma once
#include <string>

#include "base/json.h"
#include "config/model.h"

namespace streamd::config {

// With `origins` each line says where its value comes from.
std::string render_toml(const Config& config, bool origins);
// With `origins` each value is {"value": ..., "origin": ...}.
Json render_json(const Config& config, bool origins);

}  // namespace streamd::config
