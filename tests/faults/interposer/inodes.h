// Files that a test has rebuilt have other inode numbers than before the power cut, which a real
// file keeps. FAULTS_INODES names a file with lines "number shown": who asks for a file's number is
// told the shown one.
#pragma once
#include <cstdint>

namespace faults {

std::uint64_t shown_inode(std::uint64_t number);

}  // namespace faults
