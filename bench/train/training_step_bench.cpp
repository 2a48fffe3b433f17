// Whole training steps of the tutorial's model, with dropout: on the tutorial's batches, and on batches of several
// sizes, to show how time and memory grow. The time of a case is for one pass over all its batches.
#include <malloc.h>

#include <fstream>
#include <string>

#include <minibert/autograd/autocast.hpp>

#include "bench/support/training_step.hpp"

using namespace minibert;
using bench::TrainingStep;

namespace {

struct Problem {
  BertConfig config;
  std::vector<MaskedLMBatch> batches;
  TrainingStep<float> step{config};
};

/// Returns the peak memory of the process since the previous call, in MB; 0 if /proc does not report it.
double take_peak_memory() {
  double megabytes = 0;
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);)
    if (line.starts_with("VmHWM:")) megabytes = std::stod(line.substr(6)) * 1024 / 1e6;
  std::ofstream("/proc/self/clear_refs") << "5";
  return megabytes;
}

/// Adds a case that trains on the batches of make().
template <class Make>
void add(const std::string& name, Make make, const bench::Arithmetic& arithmetic) {
  const std::string kind = "training_step/" + arithmetic.name;
  bench::add_case(kind + "/" + name, [=](benchmark::State& state) {
    const autocast guard(arithmetic.precision);
    bench::check_once(kind, [&] {
      bench::check_training_step(kind, tutorial_config(), bench::drawn_batch(3, 40, 2000), 1e-4 * arithmetic.tolerance);
    });
    auto& p = bench::problem_of<Problem>(kind + name, make);
    malloc_trim(0);  // returns the memory of the check and of the previous problem to the system
    take_peak_memory();
    double flops = 0, tokens = 0;
    for (const MaskedLMBatch& batch : p.batches) {
      flops += bench::useful_flops(p.config, batch);
      tokens += static_cast<double>(batch.num_tokens());
    }
    const auto pass = [&] {
      for (const MaskedLMBatch& batch : p.batches) p.step.run(batch);
    };
    pass();  // bench::run() makes a second pass, after which the tape's memory is one piece
    bench::run(state, flops, arithmetic.roof(), pass);
    state.counters["steps"] = static_cast<double>(p.batches.size());
    state.counters["tokens"] = tokens;
    state.counters["peak_memory_MB"] = take_peak_memory();
  });
}

Problem tutorial() { return {tutorial_config(), bench::TutorialData::load().batches()}; }

}  // namespace

void bench::register_cases() {
  for (const Arithmetic& arithmetic : {kFp32, kBf16}) add("tutorial", tutorial, arithmetic);
  for (const index_t count : {4, 8, 16, 32, 64, 128}) {  // the time is linear in the number of tokens
    const auto make = [=] { return Problem{tutorial_config(), {drawn_batch(count, 128, 2000)}}; };
    add("tokens/" + std::to_string(count) + "x128", make, kFp32);
  }
  for (const index_t len : {256, 512, 1024, 2048, 4096}) {  // memory is linear in the length
    const auto make = [=] {
      BertConfig config = tutorial_config();
      config.max_position_embeddings = len;
      return Problem{config, {drawn_batch(2, len, 2000)}};
    };
    add("length/2x" + std::to_string(len), make, kFp32);
  }
}
