// Matrix products of the tutorial's model, of MiniLM and of bert-base: for a linear layer in → out of m tokens
//   NT  y (m×out) = x (m×in) · Wᵗ      forward
//   NN  dx (m×in) = dy (m×out) · W     gradient of the input
//   TN  dW (out×in) = dyᵗ · x          gradient of the weights
#include <minibert/kernels/gelu.hpp>
#include <minibert/kernels/gemm.hpp>

#include "bench/support/cases.hpp"
#include "bench/support/gemm_cases.hpp"

using namespace minibert;

namespace {

using bench::GemmCase;
using bench::GemmProblem;

void add(const GemmCase& gemm, const bench::Arithmetic& arithmetic) {
  const std::string name = "gemm/" + arithmetic.name + "/" + gemm.name();
  bench::add_case(name, [=](benchmark::State& state) {
    auto& p = bench::problem_of<GemmProblem>(gemm.name(), [&] { return GemmProblem(gemm); });
    bench::Floats workspace(core::usize(kernels::gemm_workspace<float>(p.n, p.k, num_threads())));
    const auto product = [&] {
      kernels::gemm(p.m, p.n, p.k, p.a, p.b, kernels::Epilogue<float>{p.c.data(), p.n}, workspace.data(),
                    arithmetic.precision);
    };
    bench::check_once(name, [&] { p.check(name, product, 1e-5 * arithmetic.tolerance); });
    bench::run(state, p.flops(), arithmetic.roof(), product);
  });
}

/// Adds a forward product with bias and GELU, as in a feed-forward layer. The kernel also stores the argument of GELU.
void add_with_gelu(const GemmCase& gemm) {
  const std::string name = "gemm/fp32/" + gemm.name() + "/bias+gelu";
  bench::add_case(name, [=](benchmark::State& state) {
    auto& p = bench::problem_of<GemmProblem>(gemm.name(), [&] { return GemmProblem(gemm); });
    bench::Floats workspace(core::usize(kernels::gemm_workspace<float>(p.n, p.k, num_threads())));
    bench::Floats activated(p.c.size());
    const bench::Floats bias(core::usize(p.n), 0.5f);
    const kernels::Epilogue<float> epilogue{
        .c = activated.data(), .stride = p.n, .bias = bias.data(), .gelu = kernels::Gelu::exact, .pre = p.c.data()};
    const auto product = [&] { kernels::gemm(p.m, p.n, p.k, p.a, p.b, epilogue, workspace.data()); };
    bench::check_once(name, [&] {
      p.check(name, product, 1e-5, 0.5);
      reference::Numbers expected;
      for (const float x : p.c) expected.push_back(reference::gelu(static_cast<double>(x)));
      bench::check_result(name, reference::relative_error(activated, expected), 1e-5);
    });
    bench::run(state, p.flops(), bench::fma_roof(), product);
  });
}

}  // namespace

void bench::register_cases() {
  for (const GemmCase& gemm : bench::gemm_cases())
    for (const Arithmetic& arithmetic : {kFp32, kBf16}) add(gemm, arithmetic);
  add_with_gelu({"tutorial", 'N', 'T', 2112, 384, 1024});
  add_with_gelu({"bert-base", 'N', 'T', 4096, 768, 3072});
}
