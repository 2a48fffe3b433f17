// Measures the peak rates (roofs) with which the other benches compare their own rates: multiply-adds of floats and of
// bf16, and the triad a = b + s·c in cache and in memory. Also measures the latency between two cores.
#include <atomic>
#include <thread>

#include "bench/support/cases.hpp"

using namespace minibert;

namespace {

/// Adds a case that measures a peak rate. The case reports the time of one measurement and the median of the measured
/// rates.
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

/// Returns the seconds in which a cache line goes from one core to another and back, `trips` times.
double round_trips(int trips) {
  alignas(128) std::atomic<int> turn{-1};
  const auto wait_for = [&](int i) {
    while (turn.load(std::memory_order_acquire) != i) {
    }
  };
  const auto take_turns_from = [&](int own) {
    for (int i = own; i < 2 * trips; i += 2) {
      wait_for(i);
      turn.store(i + 1, std::memory_order_release);
    }
  };
  std::thread other([&] {
    turn.store(0);
    take_turns_from(1);
  });
  wait_for(0);
  const auto start = bench::Clock::now();
  take_turns_from(0);
  wait_for(2 * trips);
  const double seconds = bench::seconds_since(start);
  other.join();
  return seconds;
}

/// Adds a case for the latency between two cores. The case uses two threads, however many threads the other cases use.
/// On a virtual machine the latency may change within minutes, because the host moves the virtual cores to other
/// physical cores.
void add_round_trip() {
  benchmark::RegisterBenchmark("peak/round_trip",
                               [](benchmark::State& state) {
                                 constexpr int kTrips = 20000;
                                 std::vector<double> times;
                                 for ([[maybe_unused]] auto _ : state) {
                                   times.push_back(round_trips(kTrips));
                                   state.SetIterationTime(times.back());
                                 }
                                 state.counters["ns"] = bench::median(times) / kTrips * 1e9;
                               })
      ->UseManualTime()
      ->Unit(benchmark::kMicrosecond);
}

}  // namespace

void bench::register_cases() {
  add_roof("peak/fma", "GFLOP/s", bench::fma_peak);
  if (bench::has_bf16()) add_roof("peak/bf16", "GFLOP/s", bench::bf16_peak);
  if (std::thread::hardware_concurrency() > 1) add_round_trip();
  for (const index_t kib : {512, 8192, 393216}) {  // fits in L2, in L3, and only in memory
    const std::string name = "peak/triad/" + std::to_string(kib) + "KiB";
    add_roof(name, "GB/s",
             [=] { return bench::problem_of<bench::Triad>(name, [=] { return bench::Triad(kib * 1024); })(); });
  }
}
