// Includes all layers.
#pragma once

#include <minibert/nn/dropout.hpp>
#include <minibert/nn/embedding.hpp>
#include <minibert/nn/layer_norm.hpp>
#include <minibert/nn/linear.hpp>
#include <minibert/nn/module.hpp>
#include <minibert/ops/functional.hpp>

namespace minibert::nn {

namespace functional = minibert::functional;

}  // namespace minibert::nn
