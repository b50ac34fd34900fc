// Is a drive where it should be?
#pragma once
#include <string>

namespace streamd::file_driver {

// Does a file system begin at this folder?
bool is_mount_point(const std::string& folder);

// Is `folder` equal to `ancestor` or below it? Absolute paths, compared as text.
bool is_at_or_below(const std::string& folder, const std::string& ancestor);

// The nearest place at or above `folder` where the table (/etc/fstab) wants a file system and there
// is none; "" = all there.
std::string missing_mount(const std::string& fstab, const std::string& folder);

}  // namespace streamd::file_driver
