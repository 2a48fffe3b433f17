// Includes every header of the library. Compiled once for each set of -m flags; UNIT is the name of the unit.
#include "all_headers.hpp"

#include "unit.hpp"

namespace {

using namespace minibert;

Tensor<float> product(const Tensor<float>& a, const Tensor<float>& b) {
  const index_t m = a.size(0), k = a.size(1), n = b.size(1);
  const Tensor<float> zeros(Shape{n});
  Tensor<float> c(Shape{m, n}), workspace(Shape{kernels::gemm_workspace<float>(n, k, num_threads())});
  kernels::gemm(
      m, n, k, kernels::Matrix<float>{a.data(), k}, kernels::Matrix<float>{b.data(), n},
      kernels::Epilogue<float>{.c = c.data(), .stride = n, .bias = zeros.data(), .gelu = kernels::Gelu::exact},
      workspace.data());
  return c;
}

Tensor<float> gradients(const Tensor<float>& x, const Tensor<float>& w) {
  ParameterStore<float> store;
  auto& weight = store.declare("dense.weight", w.shape());
  auto& gain = store.declare("norm.weight", {w.size(0)});
  auto& bias = store.declare("norm.bias", {w.size(0)});
  std::copy_n(w.data(), w.numel(), weight.data);
  std::fill_n(gain.data, gain.numel(), 1.0f);

  Tape<float> tape;
  const auto hidden = functional::linear(tape.constant(x), tape.parameter(weight));
  const auto normal = functional::layer_norm(hidden, tape.parameter(gain), tape.parameter(bias), 1e-12f);
  tape.backward(functional::sum(functional::gelu(normal)));
  std::vector<float> all;
  for (const Parameter<float>* p : store.in_order()) all.insert(all.end(), p->gradient().begin(), p->gradient().end());
  return {Shape{core::length(all)}, all.data()};
}

#define MINIBERT_TEXT_OF(name) #name
#define MINIBERT_TEXT(name) MINIBERT_TEXT_OF(name)

}  // namespace

extern const Unit UNIT;
const Unit UNIT = {
    .arch = MINIBERT_TEXT(MINIBERT_ARCH),
    .random_bits = [](std::uint64_t seed) { return random::Key(seed).bits(1, 2); },
    .product = product,
    .gradients = gradients,
    .free = [](Tensor<float>&& tensor) { Tensor<float>{std::move(tensor)}; },
};
