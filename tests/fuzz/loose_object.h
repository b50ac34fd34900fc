// An object whose checksums are put right after its bytes were changed, as a hostile writer would:
// what is behind the checksums is read then, too.
//
// Loose form: the header (256 bytes), the length of the blocks (4 bytes), the blocks, the index
// uncompressed.
#pragma once
#include "base/bytes.h"

namespace streamd::fuzz {

// The object; what is too short to be one comes back as it is.
Bytes tighten(ByteView loose);
// Of a whole object; empty when it is none.
Bytes loosen(ByteView object);

}  // namespace streamd::fuzz
