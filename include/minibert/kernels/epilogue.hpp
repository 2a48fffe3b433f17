// Epilogues: functions that store the finished sums of a matrix product. An epilogue is called with a vector of sums,
// its row, its first column, and the valid lanes (simd/part.hpp). in_registers: cheap enough to be inlined for each
// vector of a micro-tile.
#pragma once

#include <minibert/simd/dispatch.hpp>
#include <minibert/simd/part.hpp>

namespace minibert::kernels {
inline namespace MINIBERT_ARCH {

/// Stores C = scale·sum; with `accumulate`, C += scale·sum.
template <class T>
struct Store {
  static constexpr bool in_registers = true;
  T* c;
  index_t stride;  // elements between rows of C
  bool accumulate = false;
  T scale = T{1};

  template <class V, class Part>
  [[gnu::always_inline]] void operator()(const V& sum, index_t i, index_t j, Part part) const {
    simd::store_or_add(sum * V::broadcast(scale), c + i * stride + j, accumulate, part);
  }
};

/// Stores C = sum + bias[column]. Rows of C are `stride` elements apart.
template <class T>
struct StoreBias {
  static constexpr bool in_registers = true;
  T* c;
  index_t stride;
  const T* bias;

  template <class V, class Part>
  [[gnu::always_inline]] void operator()(const V& sum, index_t i, index_t j, Part part) const {
    part.store(sum + part.template load<V>(bias + j), c + i * stride + j);
  }
};

/// Stores C = activation(sum + bias[column]), and the argument of the activation to `pre` unless it is null. Rows of
/// both are `stride` elements apart.
template <class T, class Activation>
struct StoreBiasActivation {
  static constexpr bool in_registers = false;
  T* c;
  T* pre;
  index_t stride;
  const T* bias;

  template <class V, class Part>
  [[gnu::always_inline]] void operator()(const V& sum, index_t i, index_t j, Part part) const {
    const V x = sum + part.template load<V>(bias + j);
    if (pre != nullptr) part.store(x, pre + i * stride + j);
    part.store(Activation::forward(x), c + i * stride + j);
  }
};

}  // namespace MINIBERT_ARCH
}  // namespace minibert::kernels
