// autocast: a scope in which matrix products use another precision.
#pragma once

#include <minibert/core/precision.hpp>

namespace minibert {

/// While an autocast exists, linear, matmul and attention on the calling thread multiply in the precision of that
/// autocast, as under `torch.autocast`. Weights, softmax, layer norm, losses and sums stay in float. An op reads the
/// precision in its forward pass, and its backward step uses the same precision. If autocasts are nested, the innermost
/// one applies.
class autocast {
 public:
  explicit autocast(Precision precision) noexcept : before_(precision_) { precision_ = precision; }
  ~autocast() { precision_ = before_; }
  autocast(const autocast&) = delete;
  autocast& operator=(const autocast&) = delete;

  static Precision precision() noexcept { return precision_; }

 private:
  static inline thread_local Precision precision_ = Precision::full;
  Precision before_;
};

}  // namespace minibert
