// Parallel loops. They use OpenMP; without it they run on one thread.
#pragma once

#include <exception>
#include <type_traits>
#include <vector>

#include <minibert/core/config.hpp>
#include <minibert/core/types.hpp>

namespace minibert {

namespace core::detail {

inline namespace MINIBERT_ARCH {

/// Calls run(context, chunk) for each chunk from 0 to chunks − 1, on all threads.
void run_chunks(index_t chunks, void (*run)(void* context, index_t chunk), void* context) noexcept;

}  // namespace MINIBERT_ARCH

}  // namespace core::detail

inline namespace MINIBERT_ARCH {

/// Returns the number of threads of parallel loops: the number set by set_num_threads() or OMP_NUM_THREADS, otherwise
/// the number of processors that the process may use, but not more than a container's CPU quota, rounded up. Returns 1
/// without OpenMP.
int num_threads() noexcept;

/// Sets the number of threads of loops that the calling thread starts. Does nothing without OpenMP or for n <= 0.
void set_num_threads(int n) noexcept;

/// Returns the index of the calling thread inside a parallel loop, from 0 to num_threads() − 1; 0 outside of loops. Use
/// the index only to choose scratch memory: results must not depend on it.
int thread_index() noexcept;

/// Returns the number of chunks that parallel_for(n, grain, …) makes.
constexpr index_t num_chunks(index_t n, index_t grain) noexcept { return core::ceil_div(n, grain); }

/// Returns the grain with which parallel_for divides n equally among all threads, rounded up to a multiple of `unit`.
/// Use this grain only if results do not depend on where the loop is cut.
inline index_t equal_grain(index_t n, index_t unit) noexcept {
  return core::round_up(core::ceil_div(n, num_threads()), unit);
}

/// Calls f(begin, end) for the chunks [0, grain), [grain, 2·grain), … of [0, n), in any order and on any thread.
/// The chunks depend on n and grain only, so results per chunk are the same for any number of threads. f must not
/// throw. The loop runs on the calling thread alone if it is inside another parallel loop, or if a loop that another
/// thread started is still running.
template <class F>
void parallel_for(index_t n, index_t grain, F&& f) noexcept {
  struct Loop {
    index_t n, grain;
    std::remove_reference_t<F>* f;
  } loop{n, grain, &f};
  core::detail::run_chunks(
      num_chunks(n, grain),
      [](void* context, index_t chunk) {
        const Loop& of = *static_cast<const Loop*>(context);
        const index_t begin = chunk * of.grain;
        (*of.f)(begin, of.n - begin < of.grain ? of.n : begin + of.grain);
      },
      &loop);
}

/// Does the same as parallel_for for an f that may throw. Runs all chunks, even if some of them throw. Then rethrows
/// the exception of the failed chunk with the lowest index.
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

}  // namespace MINIBERT_ARCH

}  // namespace minibert

#ifndef MINIBERT_COMPILED
#include <minibert/core/impl/parallel.ipp>
#endif
