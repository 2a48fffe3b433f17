// Definitions of core/detail/thread_team.hpp. Contains the library's only OpenMP region, because clang takes seconds to
// compile each one.
#pragma once

#include <chrono>
#include <exception>

#include <minibert/core/detail/thread_team.hpp>

#ifdef _OPENMP
#include <omp.h>
#endif
#if __has_include(<pthread.h>)
#include <pthread.h>
#endif

namespace minibert::core::detail {

inline namespace MINIBERT_ARCH {

/// The value of ThreadTeam::thread_number().
MINIBERT_INLINE thread_local int team_thread_number = 0;

/// Tells the processor that the thread spins.
inline void relax() noexcept {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

/// Returns when the value is no longer `old`. Spins first, because most loops of a training step start within that time
/// after the previous loop. Then sleeps.
template <class T>
void wait_while(const std::atomic<T>& value, T old) noexcept {
  constexpr int kSpins = 8000;  // about 0.1 ms
  for (int i = 0; i < kSpins; ++i) {
    if (value.load(std::memory_order_acquire) != old) return;
    relax();
  }
  value.wait(old, std::memory_order_acquire);
}

MINIBERT_INLINE ThreadTeam& ThreadTeam::instance() noexcept {
  static ThreadTeam team;
#if __has_include(<pthread.h>)
  // The child of a fork() has only the thread that called fork(), so its team has no helpers.
  static const int forgets_after_fork = pthread_atfork(nullptr, nullptr, [] { team.forget(); });
  static_cast<void>(forgets_after_fork);
#endif
  return team;
}

MINIBERT_INLINE ThreadTeam::~ThreadTeam() {
  for (int i = 0; i < 1000; ++i) {
    if (!busy_.exchange(true, std::memory_order_acquire)) {
      end();
      return;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  // The loop that is still running may never end, if it called exit() itself (for example in a signal handler). So
  // leaves the helpers running and their memory allocated.
  if (host_.joinable()) host_.detach();
  static_cast<void>(helpers_.release());
}

MINIBERT_INLINE int ThreadTeam::thread_number() noexcept { return team_thread_number; }

MINIBERT_INLINE bool ThreadTeam::run_chunks(index_t chunks, int threads, void (*run)(void*, index_t),
                                            void* context) noexcept {
  if (busy_.load(std::memory_order_relaxed) || busy_.exchange(true, std::memory_order_acquire)) return false;
  if (size_ < threads && !start(threads)) {
    busy_.store(false, std::memory_order_release);
    return false;
  }
  ChunkShares shares(chunks, threads);
  loop_ = {&shares, run, context};
  number_ = number_ + 1 == kEnd ? 1 : number_ + 1;
  state_.store((std::uint64_t{number_} << 32) | kOpen, std::memory_order_release);
  for (int i = 1; i < threads && i < chunks; ++i) {
    // seq_cst, because notify_one() checks whether a thread sleeps. With release, the check could come before the
    // store.
    helpers_[usize(i)].loop.store(number_, std::memory_order_seq_cst);
    helpers_[usize(i)].loop.notify_one();
  }
  shares.take(0, [=](index_t chunk) { run(context, chunk); });
  state_.fetch_and(~kOpen, std::memory_order_acq_rel);
  for (std::uint64_t state; ((state = state_.load(std::memory_order_acquire)) & kJoined) != 0;)
    wait_while(state_, state);
  busy_.store(false, std::memory_order_release);
  return true;
}

MINIBERT_INLINE bool ThreadTeam::start([[maybe_unused]] int threads) noexcept {
#ifdef _OPENMP
  end();
  try {
    helpers_ = std::make_unique<Helper[]>(usize(threads));
    host_ = std::thread([this, threads] {
      omp_set_dynamic(0);  // the team is kept, so OpenMP must not choose a smaller one for the load of the moment
#pragma omp parallel num_threads(threads)
      {
        omp_set_num_threads(threads);
        if (omp_get_thread_num() > 0)
          help(omp_get_thread_num());
        else
          ends_.wait(false);
      }
      static_cast<void>(ended_.exchange(0, std::memory_order_acquire));  // a barrier that ThreadSanitizer sees
    });
  } catch (const std::exception&) {  // no memory or no threads left: the caller works alone
    return false;
  }
  size_ = threads;
  return true;
#else
  return false;
#endif
}

MINIBERT_INLINE void ThreadTeam::end() noexcept {
  if (size_ == 0) return;
  ends_.store(true);
  ends_.notify_all();
  for (int i = 1; i < size_; ++i) {
    helpers_[usize(i)].loop.store(kEnd);
    helpers_[usize(i)].loop.notify_one();
  }
  host_.join();
  ends_.store(false);
  size_ = 0;
}

MINIBERT_INLINE void ThreadTeam::forget() noexcept {
  if (host_.joinable()) host_.detach();
  size_ = 0;
  state_.store(0);
  ends_.store(false);
  ended_.store(0);
  busy_.store(false);
  team_thread_number = 0;
}

MINIBERT_INLINE void ThreadTeam::help(int number) noexcept {
  team_thread_number = number;
  std::atomic<std::uint32_t>& next = helpers_[usize(number)].loop;
  for (std::uint32_t loop = 0;;) {
    wait_while(next, loop);
    loop = next.load(std::memory_order_acquire);
    if (loop == kEnd) {
      ended_.fetch_add(1, std::memory_order_release);
      return;
    }
    if (!join(loop)) continue;
    const Loop current = loop_;
    current.shares->take(number, [=](index_t chunk) { current.run(current.context, chunk); });
    leave();
  }
}

MINIBERT_INLINE bool ThreadTeam::join(std::uint32_t loop) noexcept {
  std::uint64_t state = state_.load(std::memory_order_acquire);
  while ((state >> 32) == loop && (state & kOpen) != 0)
    if (state_.compare_exchange_weak(state, state + 1, std::memory_order_acq_rel)) return true;
  return false;
}

MINIBERT_INLINE void ThreadTeam::leave() noexcept {
  const std::uint64_t before = state_.fetch_sub(1, std::memory_order_seq_cst);
  if ((before & kOpen) == 0 && (before & kJoined) == 1) state_.notify_one();
}

}  // namespace MINIBERT_ARCH

}  // namespace minibert::core::detail
