// Definitions of core/detail/cpu_quota.hpp.
#pragma once

#include <algorithm>
#include <fstream>
#include <limits>
#include <sstream>

#include <minibert/core/detail/cpu_quota.hpp>

namespace minibert::core::detail {

/// Returns quota/period, or infinity if a number is missing ("max"), not positive or not a number.
inline double quota_of(std::istream&& quota, std::istream&& period) {
  double time = 0, of = 0;
  return quota >> time && period >> of && time > 0 && of > 0 ? time / of : std::numeric_limits<double>::infinity();
}

/// Returns the smallest quota of the group `path` and of all groups that contain it. Inside a container, `path` may be
/// the path on the host, which does not exist in the container. Then only the root group counts, which is the
/// container's own group.
template <class QuotaOf>
double smallest_quota(std::string path, QuotaOf quota) {
  double smallest = std::numeric_limits<double>::infinity();
  while (true) {
    smallest = std::min(smallest, quota(path));
    if (path.empty()) return smallest;
    path.erase(path.rfind('/') == std::string::npos ? 0 : path.rfind('/'));
  }
}

MINIBERT_INLINE double cpu_quota(const std::string& root) {
  double smallest = std::numeric_limits<double>::infinity();
  std::ifstream groups(root + "/proc/self/cgroup");
  for (std::string line; std::getline(groups, line);) {  // hierarchy:controllers:path
    const std::size_t first = line.find(':'), second = line.find(':', first + 1);
    if (second == std::string::npos) continue;
    const std::string controllers = "," + line.substr(first + 1, second - first - 1) + ",";
    const std::string path = line.substr(second + 1);
    const std::string mount = root + "/sys/fs/cgroup";
    if (controllers == ",,") {
      smallest = std::min(smallest, smallest_quota(path, [&](const std::string& group) {
                            std::ifstream max(mount + group + "/cpu.max");  // "150000 100000"
                            std::string quota, period;
                            max >> quota >> period;
                            return quota_of(std::istringstream(quota), std::istringstream(period));
                          }));
    } else if (controllers.find(",cpu,") != std::string::npos) {
      const std::string hierarchy = mount + "/" + controllers.substr(1, controllers.size() - 2);
      for (const std::string& folder : {hierarchy, mount + "/cpu"})
        smallest = std::min(smallest, smallest_quota(path, [&](const std::string& group) {
                              return quota_of(std::ifstream(folder + group + "/cpu.cfs_quota_us"),
                                              std::ifstream(folder + group + "/cpu.cfs_period_us"));
                            }));
    }
  }
  return smallest;
}

}  // namespace minibert::core::detail
