// Definitions of kernels/gelu.hpp.
#pragma once

#include <minibert/core/parallel.hpp>
#include <minibert/kernels/detail/gelu_formulas.hpp>
#include <minibert/kernels/gelu.hpp>
#include <minibert/simd/dispatch.hpp>
#include <minibert/simd/part.hpp>

namespace minibert::kernels {
inline namespace MINIBERT_ARCH {

namespace detail {
template <class Activation>
struct ActivationForward {
  template <class Arch, class T>
  [[gnu::always_inline]] static void run(T* y, const T* x, index_t n) {
    using V = typename Arch::template vec<T>;
    simd::for_vectors<V>(
        n, [&](index_t i, auto part) __attribute__((always_inline)) {
          part.store(Activation::forward(part.template load<V>(x + i)), y + i);
        });
  }
};
template <class Activation>
struct ActivationBackward {
  template <class Arch, class T>
  [[gnu::always_inline]] static void run(T* dx, bool add, const T* dy, const T* x, index_t n) {
    using V = typename Arch::template vec<T>;
    simd::for_vectors<V>(
        n, [&](index_t i, auto part) __attribute__((always_inline)) {
          const V slope = Activation::derivative(part.template load<V>(x + i));
          simd::store_or_add(part.template load<V>(dy + i) * slope, dx + i, add, part);
        });
  }
};
inline constexpr index_t kActivationGrain = 8192;
}  // namespace detail

template <class Activation, class T>
void activation_forward(T* y, const T* x, index_t n) noexcept {
  parallel_for(n, detail::kActivationGrain, [=](index_t begin, index_t end) {
    simd::dispatch<detail::ActivationForward<Activation>>(y + begin, x + begin, end - begin);
  });
}

template <class Activation, class T>
void activation_backward(Sink<T> dx, const T* dy, const T* x, index_t n) noexcept {
  if (!dx) return;
  parallel_for(n, detail::kActivationGrain, [=](index_t begin, index_t end) {
    simd::dispatch<detail::ActivationBackward<Activation>>(dx.data + begin, dx.accumulate, dy + begin, x + begin,
                                                           end - begin);
  });
}

#ifdef MINIBERT_COMPILED
#define MINIBERT_INSTANTIATE(T)                                                                          \
  template void activation_forward<GeluExact>(T * y, const T* x, index_t n) noexcept;                    \
  template void activation_forward<GeluTanh>(T * y, const T* x, index_t n) noexcept;                     \
  template void activation_backward<GeluExact>(Sink<T> dx, const T* dy, const T* x, index_t n) noexcept; \
  template void activation_backward<GeluTanh>(Sink<T> dx, const T* dy, const T* x, index_t n) noexcept;
MINIBERT_INSTANTIATE(float)
MINIBERT_INSTANTIATE(double)
#undef MINIBERT_INSTANTIATE
#endif

}  // namespace MINIBERT_ARCH
}  // namespace minibert::kernels
