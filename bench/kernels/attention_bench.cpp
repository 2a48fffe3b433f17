// Attention: the forward pass alone, and with the backward pass. Counts 4·B·H·T²·D flops for the forward pass, and 3.5
// times as many for forward and backward together. Values that the backward pass recomputes are not counted again.
#include <minibert/kernels/attention.hpp>

#include "bench/support/attention_problem.hpp"
#include "bench/support/tutorial.hpp"

using namespace minibert;
using bench::AttentionProblem;

namespace {

/// The sizes of one attention problem. `name` is a part of the names of the benchmark cases. Cases with the same `name`
/// share one AttentionProblem.
struct AttentionCase {
  std::string name;
  std::vector<index_t> lengths;
  index_t heads, head_size;
  double dropout = 0;
};

void forward(AttentionProblem& p, float* workspace, Precision precision) {
  kernels::attention_forward(p.y.data(), p.lse.data(), p.inputs(), workspace, precision);
}

void backward(AttentionProblem& p, float* workspace, Precision precision) {
  kernels::attention_backward<float>({{p.dq.data()}, {p.dk.data()}, {p.dv.data()}}, p.dy.data(), p.y.data(),
                                     p.lse.data(), p.inputs(), workspace, precision);
}

/// Adds a case: the forward pass alone, or both passes.
void add_pass(const AttentionCase& c, bool both, const bench::Arithmetic& arithmetic) {
  const std::string name = "attention/" + arithmetic.name + (both ? "/forward+backward/" : "/forward/") + c.name;
  bench::add_case(name, [=](benchmark::State& state) {
    auto& p = bench::problem_of<AttentionProblem>(
        c.name, [&] { return AttentionProblem(c.lengths, c.heads, c.head_size, c.dropout); });
    bench::Floats workspace(core::usize(kernels::attention_workspace<float>(p.shape, num_threads())));
    const auto run_pass = [&] {
      forward(p, workspace.data(), arithmetic.precision);
      if (both) backward(p, workspace.data(), arithmetic.precision);
    };
    bench::check_once(name, [&] {
      run_pass();
      p.check(name, both, 2e-5 * arithmetic.tolerance);
    });
    bench::run(state, (both ? 3.5 : 1) * p.forward_flops(), arithmetic.roof(), run_pass);
  });
}

void add(const AttentionCase& c, const bench::Arithmetic& arithmetic) {
  add_pass(c, false, arithmetic);
  add_pass(c, true, arithmetic);
}

std::vector<index_t> equal(index_t count, index_t len) { return std::vector<index_t>(core::usize(count), len); }

}  // namespace

void bench::register_cases() {
  const std::vector<index_t> ragged = TutorialData::load().lengths();
  const AttentionCase cases[] = {{"64x6x256x64", equal(64, 256), 6, 64},
                                 {"64x6x256x64/dropout", equal(64, 256), 6, 64, 0.1},
                                 {"8x12x512x64", equal(8, 512), 12, 64},
                                 {"ragged/64x6x64", ragged, 6, 64},
                                 {"ragged/64x6x64/dropout", ragged, 6, 64, 0.1}};
  for (const AttentionCase& c : cases)
    for (const Arithmetic& arithmetic : {kFp32, kBf16}) add(c, arithmetic);
  for (index_t len = 32; len <= 4096; len *= 2)  // 8,192 tokens in all: the time is linear in the length
    add({"length/" + std::to_string(len), equal(8192 / len, len), 6, 64}, kFp32);
}
