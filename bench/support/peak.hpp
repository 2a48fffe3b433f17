// Measures the current peak rates of the processor, for comparison with the rates of kernels. Each measurement runs on
// num_threads() threads for two milliseconds only, because the clock drifts.
#pragma once

#include <algorithm>
#include <chrono>
#include <utility>
#include <vector>

#include <minibert/core/parallel.hpp>
#include <minibert/simd/dispatch.hpp>
#include <minibert/simd/part.hpp>
#include <minibert/simd/unroll.hpp>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include "bench/support/floats.hpp"

namespace minibert::bench {

using Clock = std::chrono::steady_clock;

inline double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

namespace detail {

/// Runs independent chains of multiply-adds in registers. Two units with a latency of four cycles need eight chains to
/// stay busy; this loop has more.
struct FmaLoop {
  static constexpr index_t kRounds = 10000;
  template <class Arch>
  static constexpr int kChains = Arch::registers == 32 ? 24 : 12;

  template <class Arch>
  [[gnu::always_inline]] static void run(float* x, double* flops) {
    using V = typename Arch::template vec<float>;
    constexpr int chains = kChains<Arch>;
    const V a = V::broadcast(x[0]), b = V::broadcast(x[1]);
    V acc[chains];  // all different: the compiler would merge equal ones
    simd::unroll<chains>([&](auto c) __attribute__((always_inline)) { acc[c] = V::load(x + c); });
    for (index_t round = 0; round < kRounds; ++round)
      simd::unroll<chains>([&](auto c) __attribute__((always_inline)) { acc[c] = fma(acc[c], a, b); });
    V total{};
    simd::unroll<chains>([&](auto c) __attribute__((always_inline)) { total = total + acc[c]; });
    x[0] += 1e-20f * simd::sum(total);
    *flops = 2.0 * V::lanes * chains * static_cast<double>(kRounds);
  }
};

#if defined(__x86_64__)
/// As FmaLoop, but with vdpbf16ps, the instruction of the bf16 matrix products: it multiplies pairs of bf16 and adds
/// them up in float. clang 14 uses only 16 of the 32 registers for it; fourteen chains suffice.
template <int... I>
__attribute__((target("avx512f,avx512bf16"), noinline)) void bf16_loop(float* x, double* flops,
                                                                       std::integer_sequence<int, I...>) {
  const __m512bh a = _mm512_cvtne2ps_pbh(_mm512_set1_ps(x[0]), _mm512_set1_ps(x[1])), b = a;
  __m512 acc[] = {_mm512_loadu_ps(x + I)...};
  for (index_t round = 0; round < FmaLoop::kRounds; ++round) ((acc[I] = _mm512_dpbf16_ps(acc[I], a, b)), ...);
  __m512 total = _mm512_setzero_ps();
  ((total = _mm512_add_ps(total, acc[I])), ...);
  x[0] += 1e-20f * total[0];
  *flops = 4.0 * 16 * sizeof...(I) * static_cast<double>(FmaLoop::kRounds);
}
#endif

/// Runs `loop(x, &flops)` on all threads and returns the sum of their rates.
template <class Loop>
double rate_of_all_threads(Loop loop) {
  constexpr double kWarmUp = 0.2e-3, kDuration = 2e-3;
  std::vector<double> rates(core::usize(index_t{num_threads()}));
  parallel_for(core::length(rates), 1, [&](index_t thread, index_t) {
    float x[40];
    for (float& value : x) value = 1e-3f * static_cast<float>(1 + (&value - x));
    double flops = 0, done = 0;
    for (auto start = Clock::now(); seconds_since(start) < kWarmUp;) loop(x, &flops);
    const auto start = Clock::now();
    double elapsed = 0;
    for (; elapsed < kDuration; elapsed = seconds_since(start)) loop(x, &flops), done += flops;
    core::at(rates, thread) = done / elapsed;
  });
  double total = 0;
  for (const double rate : rates) total += rate;
  return total;
}

struct TriadLoop {
  template <class Arch>
  [[gnu::always_inline]] static void run(float* a, const float* b, const float* c, index_t n) {
    using V = typename Arch::template vec<float>;
    const V scale = V::broadcast(0.5f);
    simd::for_vectors<V>(
        n, [&](index_t i, auto part) __attribute__((always_inline)) {
          part.store(fma(scale, part.template load<V>(c + i), part.template load<V>(b + i)), a + i);
        });
  }
};

}  // namespace detail

/// Returns the rate of multiply-adds of floats, in flop/s.
inline double fma_peak() {
  return detail::rate_of_all_threads([](float* x, double* flops) { simd::dispatch<detail::FmaLoop>(x, flops); });
}

/// Returns true if the instruction set in use multiplies bf16 natively.
inline bool has_bf16() {
#if defined(__x86_64__)
  return simd::isa() == simd::Isa::avx512_bf16;
#else
  return false;
#endif
}

/// Returns the rate of multiply-adds of bf16, in flop/s, or of floats if bf16 is not native.
inline double bf16_peak() {
#if defined(__x86_64__)
  if (has_bf16())
    return detail::rate_of_all_threads(
        [](float* x, double* flops) { detail::bf16_loop(x, flops, std::make_integer_sequence<int, 14>()); });
#endif
  return fma_peak();
}

/// Measures a = b + s·c on arrays of `bytes` in total, in byte/s. It reads two arrays and writes one. If a kernel works
/// on as many bytes, its data and these arrays fit into the same level of cache, or only into memory.
class Triad {
 public:
  explicit Triad(index_t bytes) : n_(bytes / 12), x_(core::usize(3 * (n_ + kGap)), 1.0f) {}
  double operator()() {
    constexpr double kDuration = 2e-3;
    run();
    const auto start = Clock::now();
    double elapsed = 0, moved = 0;
    for (; elapsed < kDuration; elapsed = seconds_since(start)) run(), moved += static_cast<double>(12 * n_);
    return moved / elapsed;
  }

 private:
  static constexpr index_t kGap = 1040;  // the arrays must not start at the same offset in a page

  void run() {
    float *a = x_.data(), *b = a + n_ + kGap, *c = b + n_ + kGap;
    const index_t grain = std::max<index_t>(n_ / (4 * num_threads()), 1024) / 64 * 64;
    parallel_for(n_, grain, [=](index_t begin, index_t end) {
      simd::dispatch<detail::TriadLoop>(a + begin, static_cast<const float*>(b + begin),
                                        static_cast<const float*>(c + begin), end - begin);
    });
  }

  index_t n_;
  Floats x_;
};

}  // namespace minibert::bench
