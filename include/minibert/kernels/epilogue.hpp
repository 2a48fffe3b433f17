// What becomes of a finished piece of a matrix product. An epilogue is called with a vector of sums, its row, its first
// column, and how much of the vector counts.
#pragma once

#include <minibert/core/sink.hpp>
#include <minibert/simd/dispatch.hpp>
#include <minibert/simd/math.hpp>

namespace minibert::kernels {
inline namespace MINIBERT_ARCH {

/// All lanes of a vector count.
struct FullVector {
  template <class V, class T>
  [[gnu::always_inline]] V load(const T* p) const {
    return V::load(p);
  }
  template <class V, class T>
  [[gnu::always_inline]] void store(const V& x, T* p) const {
    x.store(p);
  }
};

/// The first n lanes of a vector count.
struct PartVector {
  index_t n;
  template <class V, class T>
  [[gnu::always_inline]] V load(const T* p) const {
    return V::load(p, n);
  }
  template <class V, class T>
  [[gnu::always_inline]] void store(const V& x, T* p) const {
    x.store(p, n);
  }
};

/// C = scale·sum, or C += scale·sum.
template <class T>
struct Store {
  T* c;
  index_t stride;  // of C's rows
  bool accumulate = false;
  T scale = T{1};

  template <class V, class Part>
  [[gnu::always_inline]] void operator()(const V& sum, index_t i, index_t j, Part part) const {
    T* p = c + i * stride + j;
    const V scaled = sum * V::broadcast(scale);
    part.store(accumulate ? part.template load<V>(p) + scaled : scaled, p);
  }
};

/// C = sum + bias[column].
template <class T>
struct StoreBias {
  T* c;
  index_t stride;
  const T* bias;

  template <class V, class Part>
  [[gnu::always_inline]] void operator()(const V& sum, index_t i, index_t j, Part part) const {
    part.store(sum + part.template load<V>(bias + j), c + i * stride + j);
  }
};

/// C = gelu(sum + bias[column]), and the argument of gelu to `pre` where that is wanted (not null).
template <class T, class Activation>
struct StoreBiasGelu {
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
