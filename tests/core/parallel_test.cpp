#include <minibert/core/parallel.hpp>

#include <atomic>
#include <vector>

#include <doctest/doctest.h>

using namespace minibert;

TEST_CASE("parallel_for visits everything once, in chunks cut by shape") {
  const int before = num_threads();
  for (const int threads : {1, 2, 3}) {
    set_num_threads(threads);
    for (const index_t n : {0, 1, 7, 8, 9, 100}) {
      std::vector<int> visits(usize(n) + 1, 0);
      std::atomic<index_t> chunks{0};
      parallel_for(n, 8, [&](index_t begin, index_t end) {
        CHECK(begin % 8 == 0);
        CHECK(end == std::min(n, begin + 8));
        for (index_t i = begin; i < end; ++i) ++at(visits, i);
        ++chunks;
      });
      for (index_t i = 0; i < n; ++i) CHECK(at(visits, i) == 1);
      CHECK(chunks == num_chunks(n, 8));
    }
  }
  set_num_threads(before);
}
