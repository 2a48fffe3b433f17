// What one translation unit makes of the library. Units compiled with different -m flags are linked into one program;
// each fills one of these, and the test compares their results and passes objects from one to another.
#pragma once

#include <cstdint>
#include <string_view>

#include <minibert/tensor/tensor.hpp>

struct Unit {
  using Tensor = minibert::Tensor<float>;

  std::string_view arch;  // the inline namespace that the unit's -m flags lead to
  std::uint64_t (*random_bits)(std::uint64_t seed);
  Tensor (*product)(const Tensor& a, const Tensor& b);    // a kernel: gelu(A·B)
  Tensor (*gradients)(const Tensor& x, const Tensor& w);  // ops and tape: of Σ gelu(layer_norm(x·Wᵗ)), all parameters
  void (*free)(Tensor&& tensor);
};
