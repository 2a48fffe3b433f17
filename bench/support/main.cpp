// The main function of every bench: says what it runs on, and runs the cases that register_cases() adds.
#include <string>

#include <benchmark/benchmark.h>

#include <minibert/core/parallel.hpp>
#include <minibert/simd/isa.hpp>

#include "bench/support/cases.hpp"

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  benchmark::AddCustomContext("isa", std::string(minibert::simd::to_string(minibert::simd::isa())));
  benchmark::AddCustomContext("threads", std::to_string(minibert::num_threads()));
  benchmark::AddCustomContext("compiler", __VERSION__);
  minibert::bench::register_cases();
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
}
