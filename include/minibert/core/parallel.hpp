// Threads: one loop construct, OpenMP behind it or none.
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

/// The number of threads parallel loops use (OMP_NUM_THREADS, or set_num_threads); 1 without OpenMP.
inline int num_threads() noexcept {
#ifdef _OPENMP
  return omp_get_max_threads();
#else
  return 1;
#endif
}

/// Sets the number of threads for loops started from the calling thread. Without OpenMP it does nothing.
inline void set_num_threads([[maybe_unused]] int n) noexcept {
#ifdef _OPENMP
  if (n > 0) omp_set_num_threads(n);
#endif
}

namespace detail {
// Not omp_get_thread_num(): where the user runs threads of their own, each runs our loops alone, as number 0.
inline thread_local int thread_index = 0;
}  // namespace detail

/// The calling thread's number inside a parallel loop, from 0 to num_threads() − 1: for scratch memory only, never for
/// results.
inline int thread_index() noexcept { return detail::thread_index; }

/// The number of chunks that parallel_for(n, grain, …) makes.
constexpr index_t num_chunks(index_t n, index_t grain) noexcept { return n <= 0 ? 0 : core::ceil_div(n, grain); }

/// The grain that shares n equally among all threads, in multiples of `unit`: only for loops in which nothing depends
/// on the cut.
inline index_t equal_grain(index_t n, index_t unit) noexcept {
  return core::round_up(num_chunks(n, num_threads()), unit);
}

namespace detail {

/// The chunks of a loop, shared out to the threads in runs of neighbours. Each takes its own first, then the next of
/// what others have left: so a thread finds in its cache the rows that it wrote in the loop before, and none waits for
/// a slow one. (From core to core data may take six times as long one minute as the next: a virtual machine's cores
/// move.) Relaxed counters do: what chunks wrote is ordered by the end of the loop.
class ChunkShares {
 public:
  ChunkShares(index_t chunks, int threads) noexcept
      : count_(static_cast<int>(std::min<index_t>({chunks, threads, kMost}))) {
    for (index_t i = 0; i < count_; ++i) {
      shares_[i].next.store(chunks * i / count_, std::memory_order_relaxed);
      shares_[i].end = chunks * (i + 1) / count_;
    }
  }

  /// run(chunk) for chunks that no other thread has taken, until there are none.
  template <class F>
  void take(int thread, F run) noexcept {
    for (int i = 0; i < count_; ++i) {
      Share& share = shares_[(thread + i) % count_];
      while (share.next.load(std::memory_order_relaxed) < share.end) {  // an empty share is not written to
        const index_t chunk = share.next.fetch_add(1, std::memory_order_relaxed);
        if (chunk < share.end) run(chunk);
      }
    }
  }

 private:
  static constexpr int kMost = 64;  // more threads have shares in common
  struct alignas(64) Share {        // a cache line
    std::atomic<index_t> next;
    index_t end;
  };
  int count_;
  Share shares_[kMost];
};

}  // namespace detail

/// Calls f(begin, end) for the chunks [0, grain), [grain, 2·grain), … of [0, n), in any order and on any thread.
/// The cut depends on n and grain only, so whatever f computes per chunk is the same for any number of threads.
/// f must not throw. Loops inside loops run serially.
template <class F>
void parallel_for(index_t n, index_t grain, F&& f) noexcept {
  const index_t chunks = num_chunks(n, grain);
  const auto run = [&](index_t chunk) {
    const index_t begin = chunk * grain;
    f(begin, n - begin < grain ? n : begin + grain);
  };
#ifdef _OPENMP
  if (chunks > 1 && omp_get_max_threads() > 1 && !omp_in_parallel()) {
    detail::ChunkShares shares(chunks, omp_get_max_threads());
#pragma omp parallel
    {
      detail::thread_index = omp_get_thread_num();
      shares.take(detail::thread_index, run);
      detail::thread_index = 0;
    }
    return;
  }
#endif
  for (index_t chunk = 0; chunk < chunks; ++chunk) run(chunk);
}

/// As parallel_for, for an f that may throw: all chunks are run, and then the error of the first that failed is thrown.
template <class F>
void parallel_for_throwing(index_t n, index_t grain, F&& f) {
  std::vector<std::exception_ptr> errors(core::usize(num_chunks(n, grain)));
  parallel_for(n, grain, [&](index_t begin, index_t end) {
    try {
      f(begin, end);
    } catch (...) {  // nothing may leave a parallel loop
      core::at(errors, begin / grain) = std::current_exception();
    }
  });
  for (const std::exception_ptr& error : errors)
    if (error) std::rethrow_exception(error);
}

}  // namespace minibert
