#include "errors.h"

#include <boost/test/unit_test.hpp>
#include <cerrno>
#include <cstring>

namespace streamd::file_driver {
namespace {

BOOST_AUTO_TEST_SUITE(errors)

BOOST_AUTO_TEST_CASE(what_a_failing_disk_means) {
  for (const auto& [number, code] : {std::pair(ENOENT, STREAMD_NOT_FOUND),
                                     {EEXIST, STREAMD_EXISTS},
                                     {EACCES, STREAMD_PERMISSION},
                                     {EPERM, STREAMD_PERMISSION},
                                     {EROFS, STREAMD_PERMISSION},
                                     {ENOTDIR, STREAMD_INVALID_CONFIG},
                                     {ELOOP, STREAMD_INVALID_CONFIG},
                                     {EXDEV, STREAMD_INVALID_CONFIG},
                                     {EILSEQ, STREAMD_INVALID_CONFIG},
                                     {EINVAL, STREAMD_INVALID_CONFIG},
                                     {ENAMETOOLONG, STREAMD_INVALID_CONFIG},
                                     {EBADF, STREAMD_INTERNAL},
                                     {EFAULT, STREAMD_INTERNAL},
                                     {ENOSPC, STREAMD_TRANSIENT},
                                     {EDQUOT, STREAMD_TRANSIENT},
                                     {EIO, STREAMD_TRANSIENT},
                                     {ESTALE, STREAMD_TRANSIENT}})
    BOOST_TEST(code_of_errno(number) == code, strerrorname_np(number));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace streamd::file_driver
