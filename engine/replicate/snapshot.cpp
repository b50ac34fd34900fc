#include "replicate/snapshot.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <thread>

#include "base/source.h"
#include "segment/checksum.h"
#include "segment/snapshot_writer.h"

namespace streamd::replicate {
namespace {

constexpr int kRounds = 3;                // parts that changed meanwhile are read again so often
constexpr std::uint32_t kStaleShare = 8;  // a part is stale when more than an eighth of it changed
constexpr int kPartLevel = 1, kManifestLevel = 1;

// A temporary that has lost its name: it goes with its descriptor.
Result<File> nameless_file(state::Spool& spool) {
  File file = TRY(spool.new_file());
  TRY(remove_file(file.path()));
  return file;
}

unsigned workers(std::size_t jobs) {
  return static_cast<unsigned>(std::clamp<std::size_t>(std::thread::hardware_concurrency(), 1,
                                                       std::min<std::size_t>(jobs, 4)));
}

// One of the places for a part in memory.
class Place {
 public:
  explicit Place(std::counting_semaphore<>& places) : places_(places) { places_.acquire(); }
  ~Place() { places_.release(); }
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;

 private:
  std::counting_semaphore<>& places_;
};

std::uint32_t parts_of(std::uint32_t pages, std::uint32_t per_part) {
  return (pages + per_part - 1) / per_part;
}

}  // namespace

Snapshotter::Snapshotter(ReplicaHost& host, storage::Store& store, const state::Identity& identity,
                         std::uint32_t page_size, PartTable& table, const storage::Call& call,
                         std::function<void(const std::string&)> part_put)
    : host_(host),
      store_(store),
      identity_(identity),
      page_size_(page_size),
      table_(table),
      call_(call),
      cancel_(*call.cancel),
      part_put_(std::move(part_put)) {}

Result<SnapshotResult> Snapshotter::take(const std::function<void(Txid, Micros)>& moment_fixed) {
  for (int round = 0; round < kRounds; ++round) {
    const std::vector<std::uint32_t> stale = TRY(stale_parts());
    if (stale.empty()) break;
    TRY(send_parts(stale));
  }
  std::optional<segment::SealedObject> manifest;
  TRY(host_.visit(
      identity_.generation,
      [&](Moment& moment) -> Status {
        manifest = TRY(seal_manifest(moment));
        moment_fixed(manifest->header.last, manifest->header.last_seen);
        return {};
      },
      cancel_));
  const catalog::SnapshotKey key{identity_.generation, manifest->header.last,
                                 manifest->header.last_seen};
  TRY(put(catalog::to_text(key), manifest->file));
  result_.manifest_bytes = manifest->size;
  result_.txid = manifest->header.last;
  result_.time = manifest->header.last_seen;
  result_.checksum = manifest->header.checksum_after;
  return result_;
}

// Which parts to read (again): those that are not there, and those that changed too much. A
// database of one part has none: its manifest carries the pages.
Result<std::vector<std::uint32_t>> Snapshotter::stale_parts() {
  std::vector<std::uint32_t> stale;
  const std::uint32_t per_part = table_.pages_per_part();
  const auto look = [&](Moment& moment) -> Status {
    const std::uint32_t pages = moment.capture.position().pages;
    if (pages <= per_part) return {};
    for (std::uint32_t number = 0; number < parts_of(pages, per_part); ++number) {
      const std::uint32_t first = number * per_part + 1,
                          end = std::min(pages, (number + 1) * per_part);
      std::uint32_t changed = 0;
      if (const auto& part = table_.part(number)) {
        const std::vector<std::uint64_t> hashes = TRY(table_.hashes(number));
        for (std::uint32_t page = first; page <= end; ++page) {
          const bool in_part = page < first + part->pages;
          if (!in_part || hashes[page - first] != TRY(moment.ledger.get(PageNo(page)))) ++changed;
        }
        if (changed * kStaleShare <= end - first + 1) continue;
      }
      stale.push_back(number);
    }
    return {};
  };
  TRY(host_.visit(identity_.generation, look, cancel_));
  return stale;
}

Status Snapshotter::send_parts(const std::vector<std::uint32_t>& numbers) {
  std::atomic<std::size_t> next{0};
  std::mutex mutex;
  Status outcome;
  const auto work = [&] {
    for (std::size_t i = next++; i < numbers.size(); i = next++) {
      Status sent = send_part(numbers[i]);
      if (sent) continue;
      const std::lock_guard lock(mutex);
      if (outcome) outcome = std::move(sent);
      next = numbers.size();
    }
  };
  std::vector<std::thread> threads;
  for (unsigned i = 1; i < workers(numbers.size()); ++i) threads.emplace_back(work);
  work();
  for (std::thread& thread : threads) thread.join();
  return outcome;
}

Status Snapshotter::send_part(std::uint32_t number) {
  const std::optional<Part> part = TRY(make_part(number));
  if (!part) return {};
  const std::string key = catalog::to_text(part->record.key);
  TRY(put(key, part->file));
  const std::lock_guard lock(table_mutex_);
  ++result_.parts_sent;
  TRY(table_.put(number, part->record, part->hashes));
  part_put_(key);
  return {};
}

// As a file; nullopt when the database has shrunk meanwhile.
Result<std::optional<Snapshotter::Part>> Snapshotter::make_part(std::uint32_t number) {
  const Place place(in_memory_);
  const std::uint32_t per_part = table_.pages_per_part();
  const PageNo first(number * per_part + 1);
  Bytes images;
  std::vector<std::uint64_t> hashes;
  segment::ObjectHeader of_part;
  const auto read = [&](Moment& moment) -> Status {
    const std::uint32_t pages = moment.capture.position().pages;
    if (first.value > pages) return {};  // the database shrank: nothing to send
    images.resize(std::uint64_t{std::min(per_part, pages - first.value + 1)} * page_size_);
    hashes = TRY(moment.recorder.read_pages(moment.capture, first, images));
    state::Tip tip = moment.recorder.tip();
    tip.txid = moment.recorder.captured_txid();
    of_part = header(tip);
    return {};
  };
  TRY(host_.visit(identity_.generation, read, cancel_));
  if (images.empty()) return std::optional<Part>{};
  auto writer =
      TRY(segment::PartWriter::create(TRY(nameless_file(host_.spool())), {page_size_, kPartLevel}));
  for (std::size_t i = 0; i < hashes.size(); ++i) {
    const PageNo page(first.value + static_cast<std::uint32_t>(i));
    if (page == lock_page(page_size_)) continue;
    TRY(writer.add_page(page, ByteView(images).subspan(i * page_size_, page_size_), hashes[i]));
  }
  images = {};
  auto sealed = TRY(writer.seal(of_part));
  const PartRecord record{{identity_.generation, first, of_part.last, sealed.hash},
                          sealed.object.size,
                          static_cast<std::uint32_t>(hashes.size())};
  return std::optional(Part{record, std::move(sealed.object.file), std::move(hashes)});
}

segment::ObjectHeader Snapshotter::header(const state::Tip& tip) const {
  segment::ObjectHeader header;
  header.page_size = page_size_;
  header.generation = identity_.generation;
  header.database = identity_.database;
  header.instance = identity_.instance;
  header.first = header.last = tip.txid;
  header.first_seen = header.last_seen = tip.seen;
  header.pages_after = tip.pages;
  header.checksum_before = header.checksum_after = tip.checksum;
  return header;
}

// Decides T: seals what is open, reads what no part shows as it is now, and proves that all of it
// adds up to the database's checksum. Nothing moves meanwhile.
Result<segment::SealedObject> Snapshotter::seal_manifest(Moment& moment) {
  TRY(moment.capture.make_durable());
  auto writer = TRY(segment::ManifestWriter::create(TRY(nameless_file(host_.spool())),
                                                    {page_size_, kManifestLevel}));
  const std::uint32_t pages = moment.recorder.tip().pages, per_part = table_.pages_per_part();
  segment::Manifest manifest;
  struct stat info {};
  if (::stat(host_.database_path().c_str(), &info) == 0) {
    manifest.uid = info.st_uid;
    manifest.gid = info.st_gid;
    manifest.mode = info.st_mode & 07777;
  }
  Bytes image(page_size_);
  for (std::uint32_t number = 0; number < parts_of(pages, per_part); ++number) {
    const std::uint32_t first = number * per_part + 1,
                        end = std::min(pages, (number + 1) * per_part);
    const auto part = pages > per_part ? table_.part(number) : std::nullopt;
    std::vector<std::uint64_t> in_part(per_part);
    if (part) {
      in_part = TRY(table_.hashes(number));
      manifest.parts.push_back(
          {catalog::to_text(part->key), part->bytes, part->key.first_page, part->pages});
      ++result_.parts_reused;
    }
    for (std::uint32_t page = first; page <= end; ++page) {
      if (PageNo(page) == lock_page(page_size_)) continue;
      const std::uint64_t now = TRY(moment.ledger.get(PageNo(page)));
      if (part && now != 0 && page < first + part->pages && in_part[page - first] == now) continue;
      const auto hashes = TRY(moment.recorder.read_pages(moment.capture, PageNo(page), image));
      TRY(writer.add_page(PageNo(page), image, hashes.front()));
    }
  }
  result_.parts_reused -= std::min(result_.parts_reused, result_.parts_sent);
  // What this manifest does not name may be removed: a database that grows again sends it anew.
  TRY(table_.forget_from(pages > per_part ? parts_of(pages, per_part) : 0));
  TRY(moment.recorder.establish_checksum(moment.capture));
  return writer.seal(header(moment.recorder.tip()), std::move(manifest), nullptr);
}

Status Snapshotter::put(const std::string& key, const File& file) {
  const FileSource source = TRY(FileSource::over(file));
  TRY(store_.put(key, source, {}, call_));
  const std::lock_guard lock(table_mutex_);
  result_.bytes_sent += source.size();
  return {};
}

}  // namespace streamd::replicate
