// Definitions of core/parallel.hpp.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include <minibert/core/detail/cpu_quota.hpp>
#include <minibert/core/detail/thread_team.hpp>
#include <minibert/core/parallel.hpp>

#ifdef _OPENMP
#include <omp.h>
#endif

#if defined(MINIBERT_COMPILED) && defined(__ELF__)
extern "C" {
extern char minibert_mixes_header_only_and_compiled_form;
char minibert_mixes_header_only_and_compiled_form = 0;  // see core/config.hpp
}
#endif

namespace minibert {

namespace core::detail {

inline namespace MINIBERT_ARCH {

#ifdef _OPENMP
/// True if the calling thread has called set_num_threads().
MINIBERT_INLINE thread_local bool threads_are_set = false;

/// Returns the number of threads for which the container's CPU quota is enough. More threads would use up the quota
/// early, and the system would stop all threads until the next period, in the middle of a loop. If OMP_NUM_THREADS is
/// set, ignores the quota.
MINIBERT_INLINE int granted_threads() noexcept {
  static const int threads = [] {
    const double quota = std::getenv("OMP_NUM_THREADS") != nullptr ? 1e9 : cpu_quota();
    return static_cast<int>(std::clamp(std::ceil(quota), 1.0, 1e9));
  }();
  return threads;
}
#endif

MINIBERT_INLINE void run_chunks(index_t chunks, void (*run)(void* context, index_t chunk), void* context) noexcept {
#ifdef _OPENMP
  // In an OpenMP region that the program opened, a loop runs on the calling thread alone.
  if (chunks > 1 && num_threads() > 1 && !omp_in_parallel() &&
      ThreadTeam::instance().run_chunks(chunks, num_threads(), run, context))
    return;
#endif
  for (index_t chunk = 0; chunk < chunks; ++chunk) run(context, chunk);
}

}  // namespace MINIBERT_ARCH

}  // namespace core::detail

inline namespace MINIBERT_ARCH {

MINIBERT_INLINE int num_threads() noexcept {
#ifdef _OPENMP
  const int threads = omp_get_max_threads();
  // Ignores the quota if the number of threads was set: by set_num_threads(), by the team for its own threads, or
  // through OpenMP (then the number differs from the number of processors).
  if (core::detail::threads_are_set || core::detail::ThreadTeam::thread_number() > 0 || threads != omp_get_num_procs())
    return threads;
  return std::min(threads, core::detail::granted_threads());
#else
  return 1;
#endif
}

MINIBERT_INLINE void set_num_threads([[maybe_unused]] int n) noexcept {
#ifdef _OPENMP
  if (n <= 0) return;
  omp_set_num_threads(n);
  core::detail::threads_are_set = true;
#endif
}

MINIBERT_INLINE int thread_index() noexcept { return core::detail::ThreadTeam::thread_number(); }

}  // namespace MINIBERT_ARCH

}  // namespace minibert
