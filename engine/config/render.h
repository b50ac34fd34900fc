// `config show`: what is in effect, as TOML or JSON. Secrets are shown as ***.
#pragma once
#include <string>

#include "base/json.h"
#include "config/model.h"

namespace streamd::config {

// With `origins` each line says where its value comes from.
std::string render_toml(const Config& config, bool origins);
// One [[database]] with its replicas as a file would have it: what was written, not the defaults.
std::string render_written(const Database& database);
std::string toml_text(const std::string& text);  // in quotes

// With `origins` each value is {"value": ..., "origin": ...}.
Json render_json(const Config& config, bool origins);

}  // namespace streamd::config
