// autocast: a scope in which matrix products are computed in another precision.
#pragma once

#include <minibert/core/precision.hpp>

namespace minibert {

/// While one of these lives, linear layers, matmul and attention of the calling thread multiply in the given precision,
/// forward and backward, as under `torch.autocast`. All else stays float: weights, softmax, layer norm, loss, sums. An
/// op reads it once, in its forward pass; the innermost one counts.
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
