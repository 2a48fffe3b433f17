// Definitions of kernels/softmax.hpp.
#pragma once

#include <minibert/core/parallel.hpp>
#include <minibert/kernels/detail/softmax_rows.hpp>
#include <minibert/kernels/softmax.hpp>
#include <minibert/simd/dispatch.hpp>

namespace minibert::kernels {
inline namespace MINIBERT_ARCH {

template <class T>
void softmax_forward(T* y, const T* x, index_t n, index_t d) noexcept {
  parallel_for(n, detail::softmax_grain(d), [=](index_t begin, index_t end) {
    simd::dispatch<detail::SoftmaxRows>(y + begin * d, static_cast<T*>(nullptr), x + begin * d, end - begin, d);
  });
}

template <class T>
void softmax_backward(Sink<T> dx, const T* dy, const T* y, index_t n, index_t d) noexcept {
  if (!dx) return;
  parallel_for(n, detail::softmax_grain(d), [=](index_t begin, index_t end) {
    simd::dispatch<detail::SoftmaxBackwardRows>(dx.data + begin * d, dx.accumulate, dy + begin * d, y + begin * d,
                                                end - begin, d);
  });
}

template <class T>
void log_softmax_forward(T* y, const T* x, index_t n, index_t d) noexcept {
  parallel_for(n, detail::softmax_grain(d), [=](index_t begin, index_t end) {
    simd::dispatch<detail::LogSoftmaxRows>(y + begin * d, x + begin * d, end - begin, d);
  });
}

template <class T>
void log_softmax_backward(Sink<T> dx, const T* dy, const T* y, index_t n, index_t d) noexcept {
  if (!dx) return;
  parallel_for(n, detail::softmax_grain(d), [=](index_t begin, index_t end) {
    simd::dispatch<detail::LogSoftmaxBackwardRows>(dx.data + begin * d, dx.accumulate, dy + begin * d, y + begin * d,
                                                   end - begin, d);
  });
}

#ifdef MINIBERT_COMPILED
#define MINIBERT_INSTANTIATE(T)                                                                       \
  template void softmax_forward(T* y, const T* x, index_t n, index_t d) noexcept;                     \
  template void softmax_backward(Sink<T> dx, const T* dy, const T* y, index_t n, index_t d) noexcept; \
  template void log_softmax_forward(T* y, const T* x, index_t n, index_t d) noexcept;                 \
  template void log_softmax_backward(Sink<T> dx, const T* dy, const T* y, index_t n, index_t d) noexcept;
MINIBERT_INSTANTIATE(float)
MINIBERT_INSTANTIATE(double)
#undef MINIBERT_INSTANTIATE
#endif

}  // namespace MINIBERT_ARCH
}  // namespace minibert::kernels
