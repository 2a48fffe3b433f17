// A team of threads that run the chunks of parallel loops.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <thread>

#include <minibert/core/config.hpp>
#include <minibert/core/detail/chunk_shares.hpp>

namespace minibert::core::detail {

inline namespace MINIBERT_ARCH {  // a unit without OpenMP has a team without helpers

/// The threads that help callers of parallel loops. The process has one team.
///
/// The helpers are the threads of one OpenMP region, which stays open. A loop does not wait for helpers that have not
/// started: the caller takes their chunks. A waiting thread spins for about 0.1 ms and then sleeps. If each loop opened
/// an OpenMP region, libgomp's threads would spin for milliseconds, and each loop would wait for all of them: while
/// another program kept two threads busy, fill_mask then took 28 times as long (2 cores).
class ThreadTeam {
 public:
  /// Returns the team of the process.
  static ThreadTeam& instance() noexcept;

  ThreadTeam() = default;
  ThreadTeam(const ThreadTeam&) = delete;
  ThreadTeam& operator=(const ThreadTeam&) = delete;
  /// Ends the helpers. Later loops run on the calling thread.
  ~ThreadTeam();

  /// Calls run(context, chunk) for each chunk from 0 to chunks − 1, on the calling thread and on up to threads − 1
  /// helpers. Returns false, without calling run, if the team is busy with another loop.
  bool run_chunks(index_t chunks, int threads, void (*run)(void* context, index_t chunk), void* context) noexcept;

  /// Returns the number of the calling thread in the loop that it runs: 0 for the caller of the loop, and outside of
  /// loops.
  static int thread_number() noexcept;

 private:
  struct Loop {
    ChunkShares* shares = nullptr;
    void (*run)(void* context, index_t chunk) = nullptr;
    void* context = nullptr;
  };
  struct alignas(64) Helper {         // a cache line of its own
    std::atomic<std::uint32_t> loop;  // the number of the loop to join, or kEnd
  };
  static constexpr std::uint32_t kEnd = 0xFFFFFFFF;

  // state_ combines three values: the number of the loop (upper 32 bits), kOpen (set while helpers may join the loop),
  // and the number of helpers that are in the loop (lower 31 bits).
  static constexpr std::uint64_t kOpen = std::uint64_t{1} << 31, kJoined = kOpen - 1;

  bool start(int threads) noexcept;
  void end() noexcept;
  void forget() noexcept;
  void help(int number) noexcept;
  bool join(std::uint32_t loop) noexcept;
  void leave() noexcept;

  std::atomic<bool> busy_ = false;
  std::atomic<std::uint64_t> state_ = 0;
  Loop loop_;
  std::uint32_t number_ = 0;  // of the latest loop
  int size_ = 0;              // threads of the team, with the caller
  std::unique_ptr<Helper[]> helpers_;
  std::thread host_;  // opens the OpenMP region
  std::atomic<bool> ends_ = false;
  std::atomic<int> ended_ = 0;  // helpers
};

}  // namespace MINIBERT_ARCH

}  // namespace minibert::core::detail

#ifndef MINIBERT_COMPILED
#include <minibert/core/impl/thread_team.ipp>
#endif
