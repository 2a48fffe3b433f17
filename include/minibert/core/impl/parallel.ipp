// Definitions of core/parallel.hpp. Contains the library's only OpenMP region, because clang takes seconds to compile
// each one.
#pragma once

#include <minibert/core/detail/chunk_shares.hpp>
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

// The value of thread_index(). omp_get_thread_num() would be wrong for a loop inside a parallel region of the user:
// such a loop runs on one thread, whose index must be 0.
MINIBERT_INLINE thread_local int thread_number = 0;

MINIBERT_INLINE void run_chunks(index_t chunks, void (*run)(void* context, index_t chunk), void* context) noexcept {
#ifdef _OPENMP
  if (chunks > 1 && omp_get_max_threads() > 1 && !omp_in_parallel()) {
    ChunkShares shares(chunks, omp_get_max_threads());
#pragma omp parallel
    {
      thread_number = omp_get_thread_num();
      shares.take(thread_number, [=](index_t chunk) { run(context, chunk); });
      thread_number = 0;
    }
    return;
  }
#endif
  for (index_t chunk = 0; chunk < chunks; ++chunk) run(context, chunk);
}

}  // namespace MINIBERT_ARCH

}  // namespace core::detail

inline namespace MINIBERT_ARCH {

MINIBERT_INLINE int num_threads() noexcept {
#ifdef _OPENMP
  return omp_get_max_threads();
#else
  return 1;
#endif
}

MINIBERT_INLINE void set_num_threads([[maybe_unused]] int n) noexcept {
#ifdef _OPENMP
  if (n > 0) omp_set_num_threads(n);
#endif
}

MINIBERT_INLINE int thread_index() noexcept { return core::detail::thread_number; }

}  // namespace MINIBERT_ARCH

}  // namespace minibert
