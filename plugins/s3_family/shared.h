// plugins/cloud under plain names: nearly every file here speaks of its requests, bodies and
// digests.
#pragma once
#include "http.h"

namespace streamd::s3 {
using namespace cloud;
}
