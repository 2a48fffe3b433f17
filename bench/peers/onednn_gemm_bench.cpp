// The matrix products of gemm_bench, computed by oneDNN. oneDNN gets the same f32 matrices with the same strides as our
// kernel.
#include <dnnl.hpp>

#include "bench/support/cases.hpp"
#include "bench/support/gemm_cases.hpp"

using namespace minibert;
using bench::GemmCase;
using bench::GemmProblem;

namespace {

/// The product of a problem's operands, prepared once and run many times.
class OneDnnProduct {
 public:
  explicit OneDnnProduct(GemmProblem& p) {
    const auto memory = [&](const kernels::Matrix<float>& x, index_t rows, index_t columns) {
      return dnnl::memory({{rows, columns}, dnnl::memory::data_type::f32, {x.row_stride, x.column_stride}}, engine_,
                          const_cast<float*>(x.data));
    };
    arguments_ = {{DNNL_ARG_SRC, memory(p.a, p.m, p.k)},
                  {DNNL_ARG_WEIGHTS, memory(p.b, p.k, p.n)},
                  {DNNL_ARG_DST, memory({p.c.data(), p.n}, p.m, p.n)}};
    const auto layout = [&](int argument) { return arguments_.at(argument).get_desc(); };
    const dnnl::matmul::desc description(layout(DNNL_ARG_SRC), layout(DNNL_ARG_WEIGHTS), layout(DNNL_ARG_DST));
    matmul_ = dnnl::matmul({description, engine_});
  }
  void operator()() {
    matmul_.execute(stream_, arguments_);
    stream_.wait();
  }

 private:
  dnnl::engine engine_{dnnl::engine::kind::cpu, 0};
  dnnl::stream stream_{engine_};
  dnnl::matmul matmul_;
  std::unordered_map<int, dnnl::memory> arguments_;
};

void add(const GemmCase& gemm) {
  const std::string name = "onednn/fp32/" + gemm.name();
  bench::add_case(name, [=](benchmark::State& state) {
    auto& p = bench::problem_of<GemmProblem>(gemm.name(), [&] { return GemmProblem(gemm); });
    OneDnnProduct product(p);
    bench::check_once(name, [&] { p.check(name, product, 1e-5); });
    bench::run(state, p.flops(), bench::fma_roof(), product);
  });
}

}  // namespace

void bench::register_cases() {
  for (const GemmCase& gemm : bench::gemm_cases()) add(gemm);
}
