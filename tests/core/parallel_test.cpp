#include <minibert/core/parallel.hpp>

#include <algorithm>
#include <atomic>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#if __has_include(<sys/wait.h>)
#include <sys/wait.h>
#include <unistd.h>
#endif

#include <doctest/doctest.h>

#include <minibert/core/detail/chunk_shares.hpp>

using namespace minibert;

TEST_CASE("parallel_for visits everything once, in chunks cut by shape") {
  const int before = num_threads();
  for (const int threads : {1, 2, 3}) {
    set_num_threads(threads);
    for (const index_t n : {0, 1, 7, 8, 9, 100}) {
      std::vector<int> visits(core::usize(n) + 1, 0);
      std::atomic<index_t> chunks{0};
      parallel_for(n, 8, [&](index_t begin, index_t end) {
        CHECK(begin % 8 == 0);
        CHECK(end == std::min(n, begin + 8));
        for (index_t i = begin; i < end; ++i) ++core::at(visits, i);
        ++chunks;
      });
      for (index_t i = 0; i < n; ++i) CHECK(core::at(visits, i) == 1);
      CHECK(chunks == num_chunks(n, 8));
    }
  }
  set_num_threads(before);
}

TEST_CASE("a thread takes its own run of chunks first, then what others have left") {
  core::detail::ChunkShares shares(10, 3);
  std::vector<index_t> taken;
  shares.take(1, [&](index_t chunk) {
    taken.push_back(chunk);
    if (core::length(taken) == 5) shares.take(2, [&](index_t others) { taken.push_back(100 + others); });
  });  // 3 to 5 are the share of thread 1; after its fifth chunk, thread 2 takes all others
  CHECK(taken == std::vector<index_t>{3, 4, 5, 6, 7, 108, 109, 100, 101, 102});
  shares.take(0, [&](index_t) { FAIL("all are taken"); });
}

TEST_CASE("more threads than chunks take every chunk once") {
  core::detail::ChunkShares shares(2, 8);
  std::vector<int> visits(2, 0);
  for (const int thread : {7, 0, 3}) shares.take(thread, [&](index_t chunk) { ++core::at(visits, chunk); });
  CHECK(visits == std::vector<int>(2, 1));
}

TEST_CASE("more threads than shares take every chunk once") {
  core::detail::ChunkShares shares(1000, 100);
  std::vector<int> visits(1000, 0);
  for (const int thread : {99, 64, 0}) shares.take(thread, [&](index_t chunk) { ++core::at(visits, chunk); });
  CHECK(visits == std::vector<int>(1000, 1));
}

#ifdef _OPENMP
TEST_CASE("parallel_for gives each thread its share, and each chunk to one thread") {
  const int before = num_threads();
  set_num_threads(2);
  std::atomic<int> started{0};
  std::vector<int> threads(8, -1);
  parallel_for(8, 1, [&](index_t begin, index_t) {
    core::at(threads, begin) = thread_index();
    if (begin != 0 && begin != 4) return;
    ++started;
    for (int i = 0; i < 1'000'000 && started < 2; ++i) std::this_thread::yield();  // waits for the other thread
  });
  CHECK(started == 2);
  CHECK(core::at(threads, 0) == 0);
  CHECK(core::at(threads, 4) == 1);
  set_num_threads(4);
  std::vector<std::atomic<int>> visits(100'000);
  parallel_for(core::length(visits), 1, [&](index_t begin, index_t) { ++core::at(visits, begin); });
  CHECK(std::all_of(visits.begin(), visits.end(), [](const std::atomic<int>& count) { return count == 1; }));
  set_num_threads(before);
}
#endif

TEST_CASE("thread_index is below num_threads(), in our loops and in a user's own threads") {
  const int before = num_threads();
  set_num_threads(2);
  std::atomic<int> wrong{0};
  const auto look = [&](index_t, index_t) { wrong += thread_index() < 0 || thread_index() >= 2 ? 1 : 0; };
  parallel_for(100, 1, look);
#ifdef _OPENMP
#pragma omp parallel for num_threads(8)
#endif
  for (int i = 0; i < 8; ++i) parallel_for(4, 1, look);
  CHECK(wrong == 0);
  CHECK(thread_index() == 0);
  set_num_threads(before);
}

TEST_CASE("several threads may start loops, and loops inside loops, at the same time") {
  const int before = num_threads();
  std::atomic<int> wrong{0};
  const auto start_loops = [&] {
    set_num_threads(2);
    for (int i = 0; i < 300; ++i) {
      std::vector<std::atomic<int>> visits(64);
      parallel_for(8, 1, [&](index_t begin, index_t) {
        parallel_for(8, 1, [&, begin](index_t inner, index_t) {
          wrong += thread_index() >= num_threads() ? 1 : 0;
          ++core::at(visits, begin * 8 + inner);
        });
      });
      wrong +=
          std::all_of(visits.begin(), visits.end(), [](const std::atomic<int>& count) { return count == 1; }) ? 0 : 1;
    }
  };
  std::vector<std::thread> callers;
  for (int i = 0; i < 4; ++i) callers.emplace_back(start_loops);
  for (std::thread& caller : callers) caller.join();
  CHECK(wrong == 0);
  set_num_threads(before);
}

#if __has_include(<sys/wait.h>) && !defined(__SANITIZE_THREAD__)  // which forbids threads in a child
TEST_CASE("a child of fork() can run loops") {
  const int before = num_threads();
  set_num_threads(2);
  const auto sum = [] {
    std::atomic<index_t> total{0};
    parallel_for(1000, 1, [&](index_t begin, index_t) { total += begin; });
    return total.load();
  };
  CHECK(sum() == 499'500);  // starts the helpers
  const pid_t child = fork();
  if (child == 0) _exit(sum() == 499'500 ? 0 : 1);
  REQUIRE(child > 0);
  int status = -1;
  CHECK(waitpid(child, &status, 0) == child);
  CHECK(status == 0);
  CHECK(sum() == 499'500);
  set_num_threads(before);
}
#endif

TEST_CASE("parallel_for_throwing runs all chunks and throws the first one's error") {
  const int before = num_threads();
  for (const int threads : {1, 4}) {
    set_num_threads(threads);
    std::atomic<index_t> visits{0};
    const auto fail = [&](index_t begin, index_t) {
      ++visits;
      if (begin == 30 || begin == 70) throw std::runtime_error(std::to_string(begin));
    };
    CHECK_THROWS_WITH_AS(parallel_for_throwing(100, 10, fail), "30", std::runtime_error);
    CHECK(visits == 10);
  }
  set_num_threads(before);
}

TEST_CASE("the equal grain gives every thread one chunk of whole units") {
  const int before = num_threads();
  for (const int threads : {1, 2, 3, 7}) {
    set_num_threads(threads);
    for (const index_t n : {0, 1, 16, 17, 100, 384, 1024}) {
      const index_t grain = equal_grain(n, 16);
      CHECK(grain % 16 == 0);
      CHECK(num_chunks(n, grain) <= num_threads());
      CHECK(grain * num_threads() < n + 16 * num_threads());
    }
  }
  set_num_threads(before);
}
