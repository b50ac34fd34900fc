#include "errors.h"

#include <cerrno>
#include <cstring>

namespace streamd::file_driver {

streamd_code code_of_errno(int error_number) {
  switch (error_number) {
    case ENOENT:
      return STREAMD_NOT_FOUND;
    case EEXIST:
      return STREAMD_EXISTS;
    case EACCES:
    case EPERM:
    case EROFS:
      return STREAMD_PERMISSION;
    case ENOTDIR:
    case ELOOP:
    case EXDEV:
    case EILSEQ:
    case EINVAL:
    case ENAMETOOLONG:
      return STREAMD_INVALID_CONFIG;
    case EBADF:
    case EFAULT:
      return STREAMD_INTERNAL;
    default:  // ENOSPC, EDQUOT, EIO, ESTALE, ENODEV, EMFILE, ENOMEM, ...: may pass
      return STREAMD_TRANSIENT;
  }
}

streamd_code fail_errno(const sdk::Call& call, int error_number, const char* what,
                        const std::string& path) {
  const char* name = strerrorname_np(error_number);
  return call.error(code_of_errno(error_number))
      .provider(name == nullptr ? "" : name)
      .message("cannot %s %s: %s", what, path.c_str(), strerrordesc_np(error_number));
}

}  // namespace streamd::file_driver
