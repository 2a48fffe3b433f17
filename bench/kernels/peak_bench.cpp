// The rooflines themselves: multiply-adds of floats and of bf16, and the triad in cache and in memory.
#include "bench/support/cases.hpp"

using namespace minibert;

namespace {

/// A case whose time is that of one measurement, and whose rate is the median of what was measured.
template <class Measure>
void add_roof(const std::string& name, const char* unit, Measure measure) {
  bench::add_case(name, [=](benchmark::State& state) {
    std::vector<double> rates;
    for ([[maybe_unused]] auto _ : state) {
      const auto start = bench::Clock::now();
      rates.push_back(measure());
      state.SetIterationTime(bench::seconds_since(start));
    }
    state.counters[unit] = bench::median(rates) / 1e9;
  });
}

}  // namespace

void bench::register_cases() {
  add_roof("peak/fma", "GFLOP/s", bench::fma_peak);
  if (bench::has_bf16()) add_roof("peak/bf16", "GFLOP/s", bench::bf16_peak);
  for (const index_t kib : {512, 8192, 393216}) {  // of the second and third level, and memory
    const std::string name = "peak/triad/" + std::to_string(kib) + "KiB";
    add_roof(name, "GB/s",
             [=] { return bench::problem_of<bench::Triad>(name, [=] { return bench::Triad(kib * 1024); })(); });
  }
}
