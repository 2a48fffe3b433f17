// Functions of the library as one translation unit compiles them. Units compiled with different -m flags are linked
// into one program, and each defines a Unit. The test compares their results and passes objects between them.
#pragma once

#include <cstdint>
#include <string_view>

#include <minibert/tensor/tensor.hpp>

struct Unit {
  using Tensor = minibert::Tensor<float>;

  std::string_view arch;  // the inline namespace that the unit's -m flags select
  std::uint64_t (*random_bits)(std::uint64_t seed);
  Tensor (*product)(const Tensor& a, const Tensor& b);    // returns gelu(A·B), by a kernel
  Tensor (*gradients)(const Tensor& x, const Tensor& w);  // of Σ gelu(layer_norm(x·Wᵗ)) in all parameters
  void (*free)(Tensor&& tensor);
};
