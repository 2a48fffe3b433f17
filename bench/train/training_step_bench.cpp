// Whole training steps of the tutorial's model, dropout on: of the tutorial's batches, and of batches that show how
// time and memory grow. One unit of time is one pass over the case's batches.
#include <malloc.h>

#include <fstream>
#include <string>

#include "bench/support/training_step.hpp"

using namespace minibert;
using bench::TrainingStep;

namespace {

struct Problem {
  BertConfig config;
  std::vector<MaskedLMBatch> batches;
  TrainingStep<float> step{config};
};

/// The most memory that the process had since the last call, in MB; 0 where /proc cannot tell.
double take_peak_memory() {
  double megabytes = 0;
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);)
    if (line.starts_with("VmHWM:")) megabytes = std::stod(line.substr(6)) * 1024 / 1e6;
  std::ofstream("/proc/self/clear_refs") << "5";
  return megabytes;
}

/// Steps over the batches of the problem that `make` makes.
template <class Make>
void add(const std::string& name, Make make) {
  const std::string full_name = "training_step/fp32/" + name;
  bench::add_case(full_name, [=](benchmark::State& state) {
    bench::check_once(full_name, [&] {
      bench::check_training_step(full_name, bench::tutorial_config(), bench::drawn_batch(3, 40, 2000));
    });
    auto& p = bench::problem_of<Problem>(name, make);
    malloc_trim(0);  // what the check and the last problem had
    take_peak_memory();
    double flops = 0, tokens = 0;
    for (const MaskedLMBatch& batch : p.batches) {
      flops += bench::useful_flops(p.config, batch);
      tokens += static_cast<double>(batch.num_tokens());
    }
    const auto pass = [&] {
      for (const MaskedLMBatch& batch : p.batches) p.step.run(batch);
    };
    pass();  // after two passes the tape's memory is one piece
    bench::run(state, flops, bench::fma_roof(), pass);
    state.counters["steps"] = static_cast<double>(p.batches.size());
    state.counters["tokens"] = tokens;
    state.counters["peak_memory_MB"] = take_peak_memory();
  });
}

}  // namespace

void bench::register_cases() {
  add("tutorial", [] { return Problem{tutorial_config(), TutorialData::load().batches()}; });
  for (const index_t count : {4, 8, 16, 32, 64, 128})  // the time is linear in the number of tokens
    add("tokens/" + std::to_string(count) + "x128", [=] {
      return Problem{tutorial_config(), {drawn_batch(count, 128, 2000)}};
    });
  for (const index_t len : {256, 512, 1024, 2048, 4096})  // memory is linear in the length
    add("length/2x" + std::to_string(len), [=] {
      BertConfig config = tutorial_config();
      config.max_position_embeddings = len;
      return Problem{config, {drawn_batch(2, len, 2000)}};
    });
}
