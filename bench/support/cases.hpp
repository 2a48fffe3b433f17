// Defines, runs and checks cases. A case has a name, a computation, and a roof: the peak rate to compare its rate with.
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

/// Registers the program's cases. Each program defines this function.
void register_cases();

/// The rate that a case is compared with.
struct Roof {
  std::string unit;                 ///< unit of the case's rate: GFLOP/s or GB/s
  std::string peak;                 ///< name of the counter for the roof's rate
  std::string share;                ///< name of the counter for the case's rate / the roof's rate
  std::function<double()> measure;  ///< returns the current rate in flop/s or byte/s
};

inline Roof fma_roof() { return {"GFLOP/s", "fma_peak", "of_peak", fma_peak}; }
inline Roof bf16_roof() { return {"GFLOP/s", "bf16_peak", "of_peak", bf16_peak}; }
/// The precision in which a case computes its matrix products.
struct Arithmetic {
  std::string name;
  Precision precision;
  Roof (*roof)();
  double tolerance;  ///< multiplies the error allowed for floats
};
inline const Arithmetic kFp32{"fp32", Precision::full, fma_roof, 1};
inline const Arithmetic kBf16{"bf16", Precision::bf16, bf16_roof, 500};

/// Returns the roof of a case that reads and writes `bytes` bytes: the rate of a triad on arrays of the same total
/// size.
inline Roof triad_roof(double bytes) { return {"GB/s", "triad", "of_triad", Triad(static_cast<index_t>(bytes))}; }

inline double median(std::vector<double> x) {
  std::sort(x.begin(), x.end());
  return (core::at(x, (core::length(x) - 1) / 2) + core::at(x, core::length(x) / 2)) / 2;
}

/// Runs `kernel`, which does `work` flops or moves `work` bytes, for as long as Google Benchmark asks. Measures the
/// roof before, after, and every 20 ms between runs of the kernel. These measurements do not count as time of the
/// kernel. The reported rates are medians.
template <class Kernel>
void run(benchmark::State& state, double work, const Roof& roof, Kernel&& kernel) {
  constexpr double kBetween = 20e-3;
  std::vector<double> times, peaks;
  double since_peak = 0;
  const auto measure_peak = [&] { peaks.push_back(roof.measure()), since_peak = 0; };
  kernel();  // maps the memory, warms caches and threads
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

/// Returns the problem of the current case. Calls `make` only if the key has changed, because Google Benchmark calls a
/// case several times; successive cases with the same key share one problem.
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

/// Returns the numbers of threads to measure with: 1 and all.
inline std::vector<int> thread_counts() {
  static const int all = num_threads();
  return all == 1 ? std::vector{1} : std::vector{1, all};
}

/// Registers name/threads:1 and name/threads:<all>, which run f(state) on that number of threads.
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

/// Checks a result of a kernel, so that a wrong kernel is never timed.
/// @throws Error unless `error` is below `allowed`
inline void check_result(const std::string& name, double error, double allowed) {
  core::check<Error>(error < allowed, name, ": off from the reference by ", error, ", allowed are ", allowed);
}

/// Runs `check` once for each case and number of threads, because Google Benchmark calls a case several times.
template <class Check>
void check_once(const std::string& name, Check check) {
  static std::set<std::pair<std::string, int>> checked;
  if (checked.insert({name, num_threads()}).second) check();
}

/// Returns `count` numbers in [−1, 1); the same stream always gives the same numbers.
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
