// Cases: a name, what is computed, and what it is measured against.
#pragma once

#include <algorithm>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <benchmark/benchmark.h>

#include <minibert/core/error.hpp>
#include <minibert/core/parallel.hpp>
#include <minibert/core/precision.hpp>
#include <minibert/core/random.hpp>

#include "bench/support/floats.hpp"
#include "bench/support/peak.hpp"

namespace minibert::bench {

/// Adds the program's cases; each program defines it.
void register_cases();

/// What a case is measured against.
struct Roof {
  std::string unit;                 ///< of the case's rate: GFLOP/s or GB/s
  std::string peak;                 ///< name of the roof's rate among the counters
  std::string share;                ///< name of the case's rate over the roof's
  std::function<double()> measure;  ///< flop/s or byte/s at this moment
};

inline Roof fma_roof() { return {"GFLOP/s", "fma_peak", "of_peak", fma_peak}; }
inline Roof bf16_roof() { return {"GFLOP/s", "bf16_peak", "of_peak", bf16_peak}; }
/// What the matrix products of a case are computed in.
struct Arithmetic {
  std::string name;
  Precision precision;
  Roof (*roof)();
  double tolerance;  ///< times what is allowed for floats
};
inline const Arithmetic kFp32{"fp32", Precision::full, fma_roof, 1};
inline const Arithmetic kBf16{"bf16", Precision::bf16, bf16_roof, 500};

/// A triad over as many bytes as the case works on.
inline Roof triad_roof(double bytes) { return {"GB/s", "triad", "of_triad", Triad(static_cast<index_t>(bytes))}; }

inline double median(std::vector<double> x) {
  std::sort(x.begin(), x.end());
  return (core::at(x, (core::length(x) - 1) / 2) + core::at(x, core::length(x) / 2)) / 2;
}

/// Runs `kernel`, which does `work` flops or moves so many bytes, for as long as Google Benchmark asks. Before, after
/// and every 20 ms of it the roof is measured; neither is within the other's time. The rates are medians.
template <class Kernel>
void run(benchmark::State& state, double work, const Roof& roof, Kernel&& kernel) {
  constexpr double kBetween = 20e-3;
  std::vector<double> times, peaks;
  double since_peak = 0;
  const auto measure_peak = [&] { peaks.push_back(roof.measure()), since_peak = 0; };
  kernel();  // memory mapped, caches and threads warm
  for (int i = 0; i < 3; ++i) measure_peak();
  for ([[maybe_unused]] auto _ : state) {
    if (since_peak >= kBetween) measure_peak();
    const auto start = Clock::now();
    kernel();
    times.push_back(seconds_since(start));
    state.SetIterationTime(times.back());
    since_peak += times.back();
  }
  for (int i = 0; i < 3; ++i) measure_peak();
  const double rate = work / median(times), peak = median(peaks);
  state.counters[roof.unit] = rate / 1e9;
  state.counters[roof.peak] = peak / 1e9;
  state.counters[roof.share] = rate / peak;
}

namespace detail {
template <class Problem>
struct Current {
  static inline std::string key;
  static inline std::unique_ptr<Problem> problem;
};
}  // namespace detail

/// The problem of the case under way, made by `make` at its first call: Google Benchmark calls a case several times,
/// and neighbours with the same key share theirs.
template <class Problem, class Make>
Problem& problem_of(const std::string& key, Make make) {
  using Current = detail::Current<Problem>;
  if (Current::problem == nullptr || Current::key != key) {
    Current::problem.reset();
    Current::problem.reset(new Problem(make()));  // not make_unique: a problem may be immovable
    Current::key = key;
  }
  return *Current::problem;
}

/// 1, and all threads.
inline std::vector<int> thread_counts() {
  static const int all = num_threads();
  return all == 1 ? std::vector{1} : std::vector{1, all};
}

/// Registers name/threads:1 and name/threads:<all>; f(state) runs on so many threads.
template <class F>
void add_case(const std::string& name, F f) {
  for (const int threads : thread_counts())
    benchmark::RegisterBenchmark((name + "/threads:" + std::to_string(threads)).c_str(),
                                 [=](benchmark::State& state) {
                                   set_num_threads(threads);
                                   f(state);
                                 })
        ->UseManualTime()
        ->Unit(benchmark::kMicrosecond);
}

/// Wrong code is never timed. @throws Error naming what is wrong
inline void check_result(const std::string& name, double error, double allowed) {
  core::check<Error>(error < allowed, name, ": off from the reference by ", error, ", allowed are ", allowed);
}

/// Runs `check` at the first call for that case and number of threads: Google Benchmark calls a case several times.
template <class Check>
void check_once(const std::string& name, Check check) {
  static std::set<std::pair<std::string, int>> checked;
  if (checked.insert({name, num_threads()}).second) check();
}

/// `count` numbers in [−1, 1), always the same for the same stream.
inline Floats uniform(index_t count, int stream) {
  Floats x(core::usize(count));
  const random::Key key = random::Key(1234).fold(stream);
  parallel_for(count, 8192, [&](index_t begin, index_t end) {
    for (index_t i = begin; i < end; ++i)
      core::at(x, i) = static_cast<float>(2 * key.uniform(static_cast<std::uint32_t>(i)) - 1);
  });
  return x;
}

}  // namespace minibert::bench
