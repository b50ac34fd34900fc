// Writes what was fetched into the file that becomes the database, and keeps the hash of every page
// it writes. Blocks are decoded on all cores; nothing is read back but the pages that a later block
// builds on.
#pragma once
#include <mutex>
#include <optional>
#include <vector>

#include "restore/fetch.h"
#include "restore/page_file.h"
#include "restore/page_hashes.h"
#include "restore/workers.h"

namespace streamd::restore {

// One thread. Borrows the file and the workers. After an error the file's content is undefined.
class Applier {
 public:
  // `hashes`: of the pages that are in the file already.
  Applier(PageFile& file, std::uint32_t page_size, segment::ChecksumKey key, Workers& workers,
          PageHashes hashes = {});

  // Of a part or manifest: the pages up to `pages` that are not in `replaced` (ascending).
  // `replaced` lists the manifest's own pages when a part is applied: the order of the two is free.
  Status apply_pages(Fetcher& fetcher, const Fetcher::Opened& object, std::uint32_t pages,
                     const std::vector<PageNo>& replaced);
  // Of one piece of a segment: what its transactions up to the ordinal `cut` wrote. What the object
  // was opened without (FetchObject::skip) is in the file already.
  Status apply_images(Fetcher& fetcher, const Fetcher::Opened& object, std::uint32_t cut);
  // A commit point: the database ends after `pages` pages. kCorrupt unless every page but the lock
  // page was restored and the checksum is `checksum`.
  Status commit(std::uint32_t pages, std::uint64_t checksum);
  void start_over();  // nothing was restored

  PageHashes take_hashes() { return std::move(hashes_); }  // at the end

 private:
  // A block that is decoded and waits for the others of its batch.
  struct Decoded {
    std::size_t block = 0;
    Bytes raw;
  };
  // The image, from before the run, of the page that the next batch begins with.
  struct Carried {
    PageNo page{};
    Bytes image;
  };
  struct Selection {
    std::uint32_t cut = UINT32_MAX;
    std::uint32_t pages = UINT32_MAX;
    const std::vector<PageNo>* replaced = nullptr;
    bool takes(const segment::ObjectReader& reader, std::size_t block, std::size_t image) const;
  };

  Status apply(Fetcher& fetcher, const Fetcher::Opened& object, const Selection& selection);
  // Batch number `batch` of the object, whose stored bytes are these.
  Status apply_alone(const Fetcher::Opened& object, std::size_t batch, ByteView stored,
                     const Selection& selection);
  Status apply_after_past(const Fetcher::Opened& object, std::size_t batch, ByteView stored,
                          const Selection& selection);
  Status carry(const Fetcher::Opened& object, std::size_t batch);
  Status decode(const Fetcher::Opened& object, const Batch& batch, ByteView stored,
                Decoded& out) const;
  Status read_bases(const segment::ObjectReader& reader, std::size_t block, Bytes& out) const;
  Status write(const segment::ObjectReader& reader, const Decoded& decoded,
               const Selection& selection);
  Status write_pages(PageNo first, ByteView images);

  PageFile& file_;
  const std::uint32_t page_size_;
  const segment::ChecksumKey key_;
  Workers& workers_;
  std::mutex mutex_;  // of the hashes, while workers write
  PageHashes hashes_;
  std::optional<Carried> carried_;
  std::vector<Decoded> decoded_;  // buffers, kept
};

}  // namespace streamd::restore
