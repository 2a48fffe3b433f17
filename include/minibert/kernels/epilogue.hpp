// What a matrix product does with its finished sums.
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
  T* pre = nullptr;         ///< unless null, receives the argument of GELU, in rows as those of C
};

}  // namespace MINIBERT_ARCH
}  // namespace minibert::kernels
