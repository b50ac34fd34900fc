// The folder of a local state.
#pragma once
#include "state/layout.h"

namespace streamd::state {

// Makes it, with those above it, when it is missing. It must be one that nobody else can put things
// into: its owner, and that of a link to it, is root, this user or the owner of the database, and
// nobody else may write it. kPermission.
Status provide_folder(const Layout& layout);

}  // namespace streamd::state
