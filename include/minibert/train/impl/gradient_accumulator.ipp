// Definitions of train/gradient_accumulator.hpp.
#pragma once

#include <cmath>

#include <minibert/core/config.hpp>
#include <minibert/core/error.hpp>
#include <minibert/core/types.hpp>
#include <minibert/train/gradient_accumulator.hpp>

namespace minibert::train_detail {

MINIBERT_INLINE void check_finite(double loss, index_t step) {
  core::check<Error>(
      std::isfinite(loss), "step ", step + 1, ": the loss is ", loss,
      ", expected a finite number: lower the learning rate, lengthen the warm-up or lower max_grad_norm");
}

}  // namespace minibert::train_detail
