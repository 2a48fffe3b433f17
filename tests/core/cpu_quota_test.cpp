#include <minibert/core/detail/cpu_quota.hpp>

#include <filesystem>
#include <fstream>
#include <limits>
#include <string>

#include <doctest/doctest.h>

#include "support/test_data.hpp"

using namespace minibert;
using core::detail::cpu_quota;

namespace {

constexpr double kUnlimited = std::numeric_limits<double>::infinity();

/// A folder in place of the root folder. It contains the files of /proc and /sys that say how much processor time a
/// container may use.
struct FakeRoot {
  testing::TemporaryDirectory dir;

  void write(const std::string& path, const std::string& text) const {
    const std::filesystem::path file = dir.path() / path;
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file) << text;
  }
  double quota() const { return cpu_quota(dir.path().string()); }
};

}  // namespace

TEST_CASE("cpu_quota: cgroup v2") {
  const FakeRoot root;
  CHECK(root.quota() == kUnlimited);  // no /proc
  root.write("proc/self/cgroup", "0::/\n");
  CHECK(root.quota() == kUnlimited);  // no limit is written
  root.write("sys/fs/cgroup/cpu.max", "max 100000\n");
  CHECK(root.quota() == kUnlimited);
  root.write("sys/fs/cgroup/cpu.max", "150000 100000\n");
  CHECK(root.quota() == 1.5);
  for (const char* nonsense : {"", "x y", "150000", "150000 0", "-1 100000"}) {
    root.write("sys/fs/cgroup/cpu.max", nonsense);
    CHECK(root.quota() == kUnlimited);
  }
}

TEST_CASE("cpu_quota: the smallest limit of a group and of the groups that contain it") {
  const FakeRoot root;
  root.write("proc/self/cgroup", "0::/system.slice/job.scope\n");
  root.write("sys/fs/cgroup/system.slice/job.scope/cpu.max", "400000 100000\n");
  CHECK(root.quota() == 4);
  root.write("sys/fs/cgroup/system.slice/cpu.max", "100000 100000\n");
  CHECK(root.quota() == 1);
}

TEST_CASE("cpu_quota: cgroup v1, with the path of the host inside a container") {
  const FakeRoot root;
  root.write("proc/self/cgroup", "5:memory:/docker/ab\n4:cpu,cpuacct:/docker/ab\n1:name=systemd:/docker/ab\n");
  root.write("sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us", "-1\n");
  root.write("sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us", "100000\n");
  CHECK(root.quota() == kUnlimited);
  root.write("sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us", "200000\n");
  CHECK(root.quota() == 2);
}
