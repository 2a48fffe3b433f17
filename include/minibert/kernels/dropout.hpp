// Dropout (Srivastava et al., 2014). The mask is a function of an element's place, so it is never stored.
//
// The place is a key (seed, site, step), the index of the element's sequence in the global batch, its position in the
// sequence, and its feature. Sixteen random bits decide each element, so the 64 bits of one call of threefry2x32 decide
// four. In each group of 64 features, these four are 16 features apart. So each lane of a vector of up to 16
// neighbouring features has its own call, and every vector width makes the same decisions.
#pragma once

#include <cmath>

#include <minibert/core/random.hpp>
#include <minibert/core/sequences.hpp>
#include <minibert/core/sink.hpp>
#include <minibert/core/types.hpp>

namespace minibert::kernels {

/// The probability and the key of a dropout. The probability is rounded to a multiple of 1/65536; the scale uses the
/// rounded probability, so the expectation is exact.
struct DropoutMask {
  random::Key key;
  int threshold = 0;  ///< elements whose 16 random bits are below `threshold` are dropped; 0: no dropout

  static DropoutMask of(double p, random::Key key) noexcept {
    return {.key = key, .threshold = static_cast<int>(std::lround(p * 65536))};
  }
  double scale() const noexcept { return 65536.0 / (65536 - threshold); }
  explicit operator bool() const noexcept { return threshold > 0; }
};

inline namespace MINIBERT_ARCH {

/// Computes y = x·mask/(1 − p) for n rows of d features. The backward pass is the same function, from dy to dx. Every
/// row belongs to one of the sequences: cu_seqlens[count] = n.
template <class T>
void dropout(Sink<T> y, const T* x, DropoutMask mask, Sequences sequences, index_t n, index_t d) noexcept;

}  // namespace MINIBERT_ARCH
}  // namespace minibert::kernels

#ifndef MINIBERT_COMPILED
#include <minibert/kernels/impl/dropout.ipp>
#endif
