// Parallel loops. They use OpenMP; without it they run on one thread.
#pragma once

#include <algorithm>
#include <atomic>
#include <exception>
#include <vector>

#include <minibert/core/types.hpp>

#ifdef _OPENMP
#include <omp.h>
#endif

namespace minibert {

/// Returns the number of threads of parallel loops, set by OMP_NUM_THREADS or set_num_threads(); 1 without OpenMP.
inline int num_threads() noexcept {
#ifdef _OPENMP
  return omp_get_max_threads();
#else
  return 1;
#endif
}

/// Sets the number of threads of loops that the calling thread starts. Does nothing without OpenMP or for n <= 0.
inline void set_num_threads([[maybe_unused]] int n) noexcept {
#ifdef _OPENMP
  if (n > 0) omp_set_num_threads(n);
#endif
}

namespace core::detail {
// Not omp_get_thread_num(): threads that the user started are each number 0 in our loops, whatever OpenMP calls them.
inline thread_local int thread_index = 0;
}  // namespace core::detail

/// Returns the calling thread's number inside a parallel loop, from 0 to num_threads() − 1. Use it to choose scratch
/// memory only: results must not depend on it.
inline int thread_index() noexcept { return core::detail::thread_index; }

/// Returns the number of chunks that parallel_for(n, grain, …) makes.
constexpr index_t num_chunks(index_t n, index_t grain) noexcept { return core::ceil_div(n, grain); }

/// Returns the grain that divides n equally among all threads, a multiple of `unit`. Use it only if results do not
/// depend on where the loop is cut.
inline index_t equal_grain(index_t n, index_t unit) noexcept {
  return core::round_up(core::ceil_div(n, num_threads()), unit);
}

namespace core::detail {

/// Distributes the chunks of a loop: each thread has a share of neighbouring chunks. A thread takes the chunks of its
/// own share first, then those that are left in other shares. So it finds in its cache the rows that it wrote in the
/// loop before, and no thread waits for a slow one. (Moving data between cores can become six times slower from one
/// minute to the next, because a virtual machine's cores move.) Relaxed counters are enough: the end of the loop orders
/// the writes.
class ChunkShares {
 public:
  ChunkShares(index_t chunks, int threads) noexcept
      : count_(static_cast<int>(std::min<index_t>({chunks, threads, kMost}))) {
    for (index_t i = 0; i < count_; ++i) {
      shares_[i].next.store(chunks * i / count_, std::memory_order_relaxed);
      shares_[i].end = chunks * (i + 1) / count_;
    }
  }

  /// Calls run(chunk) for chunks that no other thread has taken, until none are left.
  template <class F>
  void take(int thread, F run) noexcept {
    for (int i = 0; i < count_; ++i) {
      Share& share = shares_[(thread + i) % count_];
      while (share.next.load(std::memory_order_relaxed) <
             share.end) {  // read first, so that an empty share is not written to
        const index_t chunk = share.next.fetch_add(1, std::memory_order_relaxed);
        if (chunk < share.end) run(chunk);
      }
    }
  }

 private:
  static constexpr int kMost = 64;  // with more threads, several use one share
  struct alignas(64) Share {        // a cache line
    std::atomic<index_t> next;
    index_t end;
  };
  int count_;
  Share shares_[kMost];
};

}  // namespace core::detail

/// Calls f(begin, end) for the chunks [0, grain), [grain, 2·grain), … of [0, n), in any order and on any thread.
/// The chunks depend on n and grain only, so results per chunk are the same for any number of threads. f must not
/// throw. A loop inside a loop runs on one thread.
template <class F>
void parallel_for(index_t n, index_t grain, F&& f) noexcept {
  const index_t chunks = num_chunks(n, grain);
  const auto run = [&](index_t chunk) {
    const index_t begin = chunk * grain;
    f(begin, n - begin < grain ? n : begin + grain);
  };
#ifdef _OPENMP
  if (chunks > 1 && omp_get_max_threads() > 1 && !omp_in_parallel()) {
    core::detail::ChunkShares shares(chunks, omp_get_max_threads());
#pragma omp parallel
    {
      core::detail::thread_index = omp_get_thread_num();
      shares.take(core::detail::thread_index, run);
      core::detail::thread_index = 0;
    }
    return;
  }
#endif
  for (index_t chunk = 0; chunk < chunks; ++chunk) run(chunk);
}

/// Does the same for an f that may throw: runs all chunks, then rethrows the exception of the first chunk that failed.
template <class F>
void parallel_for_throwing(index_t n, index_t grain, F&& f) {
  std::vector<std::exception_ptr> errors(core::usize(num_chunks(n, grain)));
  parallel_for(n, grain, [&](index_t begin, index_t end) {
    try {
      f(begin, end);
    } catch (...) {  // an exception must not leave a parallel loop
      core::at(errors, begin / grain) = std::current_exception();
    }
  });
  for (const std::exception_ptr& error : errors)
    if (error) std::rethrow_exception(error);
}

}  // namespace minibert
