// Definitions of train/gradient_accumulator.hpp.
#pragma once

#include <string>

#include <minibert/core/config.hpp>
#include <minibert/core/error.hpp>
#include <minibert/core/types.hpp>
#include <minibert/train/gradient_accumulator.hpp>

namespace minibert::train_detail {

[[noreturn]] MINIBERT_INLINE void raise_not_finite(double loss, index_t step, const std::string& anomaly) {
  core::raise<NotFinite>("step ", step + 1, ": the loss is ", loss, ", expected a finite number",
                         anomaly.empty() ? "" : " (" + anomaly + ")");
}

}  // namespace minibert::train_detail
