// One database: its application, its replicas, the daemon that follows it, and who judges them.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "application.h"
#include "bucket.h"
#include "checker.h"
#include "replicate/pipeline.h"

namespace simulation {

struct Replica {
  std::string name;
  std::shared_ptr<Bucket> bucket;
  std::shared_ptr<BucketStore> store;  // the daemon's way to it, of this life
};

// What befell the daemon.
struct Lives {
  std::uint64_t begun = 0, stopped = 0, killed = 0;
};

class Site {
 public:
  // In `folder`, which is there. The seed decides on page size, retention, intervals...
  Site(const std::string& folder, const std::string& name, int count, std::uint64_t seed);
  // Another machine with this database, and one replica that is somebody else's by now.
  Site(const std::string& folder, const std::string& name, const Replica& other,
       std::uint64_t seed);
  ~Site();

  Application application;
  std::vector<Replica> replicas;
  Checker checker;

  bool is_followed() const { return pipeline_ != nullptr; }
  streamd::replicate::Pipeline& daemon() { return *pipeline_; }
  const Lives& lives() const { return lives_; }
  void start(bool take_over = false);
  void stop();
  void kill();  // nothing that it does from now on has an effect
  // Its files fail, as those of a dead process do.
  bool fails(const std::string& path) const { return dead_ && path.starts_with(state_); }

  // Waits, in vain when the weather is bad; what was said to be safe is looked at.
  void sync();
  void snapshot();
  void look_after();
  // Looks at everything; cheap enough for once in some seconds.
  void look();
  // Everything once more, in fair weather.
  void conclude();

 private:
  Site(const std::string& folder, const std::string& name, std::vector<Replica> all, Random random);
  void note_watched();
  void end(milliseconds patience);

  const std::string state_;
  Random random_;
  streamd::replicate::DatabaseSettings settings_;
  std::unique_ptr<streamd::replicate::Loop> loop_;
  std::unique_ptr<streamd::replicate::Pipeline> pipeline_;
  bool dead_ = false;
  Lives lives_;
  std::size_t looked_at_ = 0;  // commits, when the daemon was last seen to follow
  std::size_t waiting_ = 0;
  Nanos waiting_since_ = 0;
};

}  // namespace simulation
