// A folder of another store as a store of its own: the engine's key prefix.
#pragma once
#include <memory>
#include <string>

#include "storage/store.h"

namespace streamd::storage {

// `prefix` without slashes at its ends; empty = the inner store itself. Several may share one.
std::shared_ptr<Store> with_prefix(std::shared_ptr<Store> inner, const std::string& prefix);

}  // namespace streamd::storage
