#include "replicate/changed_range.h"

namespace streamd::replicate {

void ChangedRange::add(const state::SpoolObject& object, bool begins) {
  const segment::ObjectHeader& header = object.header;
  const std::lock_guard lock(mutex_);
  const bool known = header.completeness == segment::Completeness::kAll &&
                     (header.flags & segment::kChecksumUnknown) == 0;
  const bool continues = open_ && header.generation == range_.pages.generation() &&
                         header.first == range_.pages.to().next();
  if (begins || !continues) range_ = {};
  open_ = known && (begins || continues);
  if (!open_) return;
  if (range_.bytes == 0) range_.seen = header.first_seen;
  if (range_.pages.add(object))
    range_.bytes += object.size;
  else
    open_ = false;
}

ChangedRange::View ChangedRange::view() const {
  const std::lock_guard lock(mutex_);
  return open_ ? range_ : View{};
}

std::uint64_t ChangedRange::bytes() const {
  const std::lock_guard lock(mutex_);
  return open_ ? range_.bytes : 0;
}

}  // namespace streamd::replicate
