// The CPU time that a container grants to the process.
#pragma once

#include <string>

#include <minibert/core/config.hpp>

namespace minibert::core::detail {

/// Returns the number of CPUs whose time the control groups of the process grant (cgroup v2: cpu.max; v1:
/// cpu.cfs_quota_us), for example 1.5, or infinity if they set no limit. root: the folder that contains proc and sys.
/// Tests pass a folder of their own.
double cpu_quota(const std::string& root = "");

}  // namespace minibert::core::detail

#ifndef MINIBERT_COMPILED
#include <minibert/core/impl/cpu_quota.ipp>
#endif
