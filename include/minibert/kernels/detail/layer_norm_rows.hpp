// Computes layer normalization and its gradients for some rows, on one thread.
#pragma once

#include <cmath>

#include <minibert/core/types.hpp>
#include <minibert/simd/math.hpp>
#include <minibert/simd/part.hpp>

namespace minibert::kernels {
inline namespace MINIBERT_ARCH {

namespace detail {

inline constexpr index_t kLayerNormGrain = 32;  // rows of a chunk

// The template parameters Inputs and Gradients are LayerNormInputs<T> and LayerNormGradients<T>. They cannot be named
// here, because kernels/layer_norm.hpp defines them and includes this file.

/// Loads x[p] + residual[p], or x[p] if residual is null.
template <class V, class Inputs, class Part>
[[gnu::always_inline]] inline V load_sum(const Inputs& in, index_t p, Part part) {
  return part.template load<V>(in.x + p) +
         simd::load_or_zero<V>((in.residual == nullptr ? in.x : in.residual) + p, in.residual != nullptr, part);
}

/// Normalizes rows [begin, end) of d elements. Writes the mean of each row to `mean` and 1/√(variance + eps) to `rstd`,
/// unless `mean` is null.
struct LayerNormForward {
  template <class Arch, class T, class Inputs>
  [[gnu::always_inline]] static void run(T* y, T* mean, T* rstd, Inputs in, index_t begin, index_t end) {
    using V = typename Arch::template vec<T>;
    const index_t d = in.d;
    for (index_t row = begin; row < end; ++row) {
      const index_t first = row * d;
      V total{};
      simd::for_vectors<V>(
          d, [&](index_t i, auto part)
                 __attribute__((always_inline)) { total = total + load_sum<V>(in, first + i, part); });
      const T m = simd::sum(total) / static_cast<T>(d);
      V squares{};
      simd::for_vectors<V>(
          d, [&](index_t i, auto part) __attribute__((always_inline)) {
            const V centred = part.keep(load_sum<V>(in, first + i, part) - V::broadcast(m));
            squares = simd::fma(centred, centred, squares);
          });
      const T r = T{1} / std::sqrt(simd::sum(squares) / static_cast<T>(d) + in.eps);
      simd::for_vectors<V>(
          d, [&](index_t i, auto part) __attribute__((always_inline)) {
            const V normal = (load_sum<V>(in, first + i, part) - V::broadcast(m)) * V::broadcast(r);
            const V scaled =
                simd::fma(normal, part.template load<V>(in.weight + i), part.template load<V>(in.bias + i));
            part.store(scaled, y + first + i);
          });
      if (mean != nullptr) mean[row] = m, rstd[row] = r;
    }
  }
};

/// Computes the gradients of x and residual for rows [begin, end), and writes these rows' part of the gradients of
/// weight and bias to `partial` (2·d): d elements for weight, then d for bias.
struct LayerNormBackward {
  template <class Arch, class T, class Gradients, class Inputs>
  [[gnu::always_inline]] static void run(Gradients to, T* partial, const T* dy, const T* mean, const T* rstd, Inputs in,
                                         index_t begin, index_t end) {
    using V = typename Arch::template vec<T>;
    const index_t d = in.d;
    for (index_t i = 0; i < 2 * d; ++i) partial[i] = T{0};
    for (index_t row = begin; row < end; ++row) {
      const index_t first = row * d;
      const V m = V::broadcast(mean[row]), r = V::broadcast(rstd[row]);
      V sum_g{}, sum_gx{};  // of g = dy·weight, and of g·x̂
      simd::for_vectors<V>(
          d, [&](index_t i, auto part) __attribute__((always_inline)) {
            const V normal = part.keep((load_sum<V>(in, first + i, part) - m) * r);
            const V up = part.template load<V>(dy + first + i);
            const V g = up * part.template load<V>(in.weight + i);
            sum_g = sum_g + g;
            sum_gx = simd::fma(g, normal, sum_gx);
            part.store(simd::fma(up, normal, part.template load<V>(partial + i)), partial + i);
            part.store(part.template load<V>(partial + d + i) + up, partial + d + i);
          });
      const V mean_g = V::broadcast(simd::sum(sum_g) / static_cast<T>(d));
      const V mean_gx = V::broadcast(simd::sum(sum_gx) / static_cast<T>(d));
      simd::for_vectors<V>(
          d, [&](index_t i, auto part) __attribute__((always_inline)) {
            const V normal = (load_sum<V>(in, first + i, part) - m) * r;
            const V g = part.template load<V>(dy + first + i) * part.template load<V>(in.weight + i);
            const V gradient = (g - mean_g - normal * mean_gx) * r;
            if (to.dx) simd::store_or_add(gradient, to.dx.data + first + i, to.dx.accumulate, part);
            if (to.dresidual)
              simd::store_or_add(gradient, to.dresidual.data + first + i, to.dresidual.accumulate, part);
          });
    }
  }
};

}  // namespace detail

}  // namespace MINIBERT_ARCH
}  // namespace minibert::kernels
