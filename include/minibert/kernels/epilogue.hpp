// Describes how a matrix product stores its finished sums.
#pragma once

#include <minibert/core/config.hpp>
#include <minibert/core/types.hpp>

namespace minibert::kernels {
inline namespace MINIBERT_ARCH {

/// The two forms of GELU (kernels/gelu.hpp), or none.
enum class Gelu { none, exact, tanh };

/// Stores C = gelu(sum + bias[column]). Rows of C are `stride` elements apart.
template <class T>
struct Epilogue {
  T* c;
  index_t stride;
  bool accumulate = false;  ///< adds to C instead; only without a bias
  const T* bias = nullptr;  ///< null: no bias
  Gelu gelu = Gelu::none;   ///< only with a bias
  T* pre = nullptr;         ///< unless null, receives sum + bias; its rows are also `stride` elements apart
};

}  // namespace MINIBERT_ARCH
}  // namespace minibert::kernels
