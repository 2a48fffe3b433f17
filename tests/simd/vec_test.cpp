#include <minibert/simd/vec.hpp>

#include <bit>
#include <cmath>
#include <vector>

#include <doctest/doctest.h>

#include <minibert/core/types.hpp>
#include <minibert/simd/dispatch.hpp>
#include <minibert/simd/part.hpp>
#include <minibert/simd/transpose.hpp>

using namespace minibert;

namespace {

/// Copies n elements from x to y with partial loads and stores. Computes Σ (x[i] + 1), where keep() keeps the 1 only in
/// the lanes in use. Must not write behind y[n − 1].
struct Copy {
  template <class Arch, class T>
  [[gnu::always_inline]] static void run(T* y, T* total, const T* x, index_t n) {
    using V = typename Arch::template vec<T>;
    V sums{};
    simd::for_vectors<V>(
        n, [&](index_t i, auto part) __attribute__((always_inline)) {
          const V one = V::broadcast(T{1});
          const V v = part.template load<V>(x + i);
          sums = sums + v + part.keep(one);  // the unused lanes of v and of keep() are zero
          part.store(v, y + i);
        });
    *total = simd::sum(sums);
  }
};

/// Stores the results of every operation on the vectors a and b to y, one after the other.
struct Operations {
  template <class Arch, class T>
  [[gnu::always_inline]] static void run(T* y, const T* a, const T* b, index_t* lanes) {
    using V = typename Arch::template vec<T>;
    *lanes = V::lanes;
    const V u = V::load(a), v = V::load(b);
    (u + v).store(y), y += V::lanes;
    (u - v).store(y), y += V::lanes;
    (u * v).store(y), y += V::lanes;
    (u / v).store(y), y += V::lanes;
    (-u).store(y), y += V::lanes;
    simd::fma(u, v, v).store(y), y += V::lanes;
    simd::max(u, v).store(y), y += V::lanes;
    simd::abs(u).store(y), y += V::lanes;
    simd::select_less(u, v, V::iota(), V::broadcast(T{-1})).store(y), y += V::lanes;
    simd::store_or_add(u, y, false, simd::FullVector{});
    simd::store_or_add(v, y, true, simd::FullVector{}), y += V::lanes;
    V::broadcast(simd::sum(u)).store(y), y += V::lanes;
    V::broadcast(simd::max_lane(u)).store(y);
  }
};

struct Transpose {
  template <class Arch, class T>
  [[gnu::always_inline]] static void run(T* x, index_t* lanes) {
    using V = typename Arch::template vec<T>;
    *lanes = V::lanes;
    V rows[V::lanes];
    simd::unroll<V::lanes>([&](auto i) __attribute__((always_inline)) { rows[i] = V::load(x + i * V::lanes); });
    simd::transpose(rows);
    simd::unroll<V::lanes>([&](auto i) __attribute__((always_inline)) { rows[i].store(x + i * V::lanes); });
  }
};

struct Integers {
  template <class Arch>
  [[gnu::always_inline]] static void run(std::uint32_t* y, const std::uint32_t* x, index_t* lanes) {
    using V = typename Arch::template vec<std::uint32_t>;
    *lanes = V::lanes;
    const V v = V::load(x);
    (v << 3).store(y), y += V::lanes;
    (v >> 30).store(y), y += V::lanes;
    ((v & V::broadcast(0xFFu)) | (v ^ V::iota())).store(y), y += V::lanes;
    (v + 5u).store(y), y += V::lanes;
    simd::bit_cast<std::uint32_t>(simd::convert<float>(simd::bit_cast<std::int32_t>(v))).store(y);
  }
};

/// Calls f(name, run) for each instruction set of this processor. run(arguments…) runs the kernel compiled for it.
template <class Kernel, class F>
void on_each_isa(F f) {
  f("baseline", [](auto... args) { simd::detail::run_baseline<Kernel>(args...); });
#if defined(__x86_64__)
  if (simd::best_isa() >= simd::Isa::avx2) f("avx2", [](auto... args) { simd::detail::run_avx2<Kernel>(args...); });
  if (simd::best_isa() >= simd::Isa::avx512)
    f("avx512", [](auto... args) { simd::detail::run_avx512<Kernel>(args...); });
#endif
}

}  // namespace

TEST_CASE_TEMPLATE("Vec: loads and stores of any length touch nothing behind", T, float, double) {
  on_each_isa<Copy>([](const char* name, auto run) {
    INFO(name);
    for (index_t n = 0; n < 40; ++n) {
      // x has exactly n elements, so that the sanitizer reports a read behind its end.
      std::vector<T> x(core::usize(n)), y(core::usize(n + 20), T{-7});
      for (index_t i = 0; i < n; ++i) core::at(x, i) = static_cast<T>(i + 1);
      T total = -1;
      run(y.data(), &total, static_cast<const T*>(x.data()), n);
      CHECK(total == static_cast<T>(n * (n + 1) / 2 + n));
      for (index_t i = 0; i < n + 20; ++i) CHECK(core::at(y, i) == (i < n ? core::at(x, i) : T{-7}));
    }
  });
}

TEST_CASE_TEMPLATE("Vec: arithmetic, lane by lane", T, float, double) {
  std::vector<T> a, b;
  for (int i = 0; i < 16; ++i) {
    a.push_back(static_cast<T>((i * 7) % 16 - 8));
    b.push_back(static_cast<T>((i * 5) % 16) + T{0.5});
  }
  on_each_isa<Operations>([&](const char* name, auto run) {
    INFO(name);
    std::vector<T> y(16 * 12);
    index_t n = 0;
    run(y.data(), static_cast<const T*>(a.data()), static_cast<const T*>(b.data()), &n);
    T sum = 0, largest = core::at(a, 0);
    for (index_t i = 0; i < n; ++i) sum += core::at(a, i), largest = std::max(largest, core::at(a, i));
    for (index_t i = 0; i < n; ++i) {
      const T u = core::at(a, i), v = core::at(b, i);
      const T expected[] = {
          u + v, u - v, u * v,  u / v, -u, u * v + v, std::max(u, v), std::abs(u), u < v ? static_cast<T>(i) : T{-1},
          u + v, sum,   largest};
      for (index_t op = 0; op < 12; ++op) {
        INFO("operation ", op, " lane ", i);
        CHECK(core::at(y, op * n + i) == expected[op]);
      }
    }
  });
}

TEST_CASE_TEMPLATE("transpose of a square of vectors", T, float, double) {
  on_each_isa<Transpose>([](const char* name, auto run) {
    INFO(name);
    std::vector<T> x(16 * 16);
    for (index_t i = 0; i < 256; ++i) core::at(x, i) = static_cast<T>(i);
    index_t n = 0;
    run(x.data(), &n);
    for (index_t i = 0; i < n; ++i)
      for (index_t j = 0; j < n; ++j) CHECK(core::at(x, i * n + j) == static_cast<T>(j * n + i));
  });
}

TEST_CASE("Vec: bits and conversions of integers") {
  std::vector<std::uint32_t> x;
  for (std::uint32_t i = 0; i < 16; ++i) x.push_back(i * 0x1234567u + (i % 2 == 0 ? 0x80000000u : 0));
  on_each_isa<Integers>([&](const char* name, auto run) {
    INFO(name);
    std::vector<std::uint32_t> y(16 * 5);
    index_t n = 0;
    run(y.data(), static_cast<const std::uint32_t*>(x.data()), &n);
    for (index_t i = 0; i < n; ++i) {
      const std::uint32_t v = core::at(x, i);
      CHECK(core::at(y, i) == v << 3);
      CHECK(core::at(y, n + i) == v >> 30);
      CHECK(core::at(y, 2 * n + i) == ((v & 0xFFu) | (v ^ static_cast<std::uint32_t>(i))));
      CHECK(core::at(y, 3 * n + i) == v + 5);
      CHECK(core::at(y, 4 * n + i) == std::bit_cast<std::uint32_t>(static_cast<float>(static_cast<std::int32_t>(v))));
    }
  });
}
