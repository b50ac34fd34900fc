// From errno to a code of the ABI: the one place that decides what a failing disk means.
#pragma once
#include <streamd/driver.hpp>
#include <string>

namespace streamd::file_driver {

// A full disk, a broken or vanished device: TRANSIENT. Read-only or forbidden: PERMISSION. A file
// where a folder should be, a name too long for the file system: INVALID_CONFIG.
streamd_code code_of_errno(int error_number);

// "cannot <what> <path>: <strerror>", with errno's name as the provider's code.
streamd_code fail_errno(const sdk::Call& call, int error_number, const char* what,
                        const std::string& path);

}  // namespace streamd::file_driver
