// Distributes the chunks of a parallel loop to threads.
#pragma once

#include <algorithm>
#include <atomic>

#include <minibert/core/types.hpp>

namespace minibert::core::detail {

/// Distributes the chunks of a loop to threads. Each thread has a share of neighbouring chunks. A thread takes the
/// chunks of its own share first, so it finds in its cache the rows that it wrote in the previous loop. (Moving data
/// between cores can become six times slower from one minute to the next, because a virtual machine's cores move.) Then
/// the thread takes the chunks that are left in other shares, so no thread waits for a slow one. Relaxed counters are
/// enough: the end of the loop orders the writes.
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

}  // namespace minibert::core::detail
