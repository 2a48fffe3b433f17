// Elementwise functions of one argument, or of two with NumPy's broadcasting, and sums over dimensions. For layers that
// users write; BERT itself uses fused kernels.
#pragma once

#include <algorithm>
#include <cmath>

#include <minibert/core/parallel.hpp>
#include <minibert/core/sink.hpp>
#include <minibert/core/types.hpp>

namespace minibert::kernels {

/// Maps elements of a result of up to six dimensions to elements of an operand. A stride of 0 repeats the operand along
/// that dimension.
struct BroadcastMap {
  static constexpr int kMaxDim = 6;
  int dim = 0;
  index_t sizes[kMaxDim] = {};    // of the result
  index_t strides[kMaxDim] = {};  // of the operand

  /// Returns the index of the operand's element for element i of the result.
  index_t operator()(index_t i) const noexcept {
    index_t offset = 0;
    for (int d = dim - 1; d >= 0; --d) {
      offset += i % sizes[d] * strides[d];
      i /= sizes[d];
    }
    return offset;
  }
};

inline namespace MINIBERT_ARCH {

inline constexpr index_t kElementwiseGrain = 8192;

/// Writes f(i) to y[i] for i in [0, n), or adds f(i) if y accumulates.
template <class T, class F>
void generate(Sink<T> y, index_t n, F f) noexcept {
  if (!y) return;
  parallel_for(n, kElementwiseGrain, [=](index_t begin, index_t end) {
    for (index_t i = begin; i < end; ++i) y.data[i] = y.accumulate ? y.data[i] + f(i) : f(i);
  });
}

/// Returns the number of doubles that generate_reduced needs as scratch memory.
constexpr index_t reduced_workspace(index_t numel, index_t n) noexcept { return numel == n ? 0 : numel; }

/// For each j in [0, numel), writes to y[j] the sum of f(i) over all i in [0, n) with map(i) = j, or adds it if y
/// accumulates. Sums in order and in double: a sum of a million elements in float would lose four digits.
template <class T, class F>
void generate_reduced(Sink<T> y, index_t numel, const BroadcastMap& map, index_t n, F f, double* workspace) noexcept {
  if (!y) return;
  const auto leave = [=](index_t j, T value) { y.data[j] = y.accumulate ? y.data[j] + value : value; };
  if (numel == n) {  // one i for each j
    parallel_for(n, kElementwiseGrain, [=](index_t begin, index_t end) {
      for (index_t i = begin; i < end; ++i) leave(map(i), f(i));
    });
    return;
  }
  std::fill_n(workspace, numel, 0.0);
  for (index_t i = 0; i < n; ++i) workspace[map(i)] += static_cast<double>(f(i));
  for (index_t j = 0; j < numel; ++j) leave(j, static_cast<T>(workspace[j]));
}

}  // namespace MINIBERT_ARCH
}  // namespace minibert::kernels
