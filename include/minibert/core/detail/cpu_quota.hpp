// The CPU time that a container grants to the process.
#pragma once

#include <string>

#include <minibert/core/config.hpp>

namespace minibert::core::detail {

/// Returns the CPU time that the control groups of the process grant (cgroup v2: cpu.max; v1: cpu.cfs_quota_us), as a
/// number of CPUs such as 1.5. Returns infinity if they set no limit. root: the folder that contains proc and sys.
/// Tests pass a folder of their own.
double cpu_quota(const std::string& root = "");

}  // namespace minibert::core::detail

#ifndef MINIBERT_COMPILED
#include <minibert/core/impl/cpu_quota.ipp>
#endif
