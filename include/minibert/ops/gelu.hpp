// GELU, as torch.nn.functional.gelu.
#pragma once

#include <minibert/autograd/variable.hpp>

namespace minibert::functional {

/// Computes y = x·Φ(x), as PyTorch's gelu(x). Φ is the cumulative distribution function of the standard normal
/// distribution.
template <class T>
Variable<T> gelu(Variable<T> x);

/// Computes y = x/2·(1 + tanh(√(2/π)·(x + 0.044715·x³))), as PyTorch's gelu(x, approximate="tanh") and Hugging Face's
/// "gelu_new".
template <class T>
Variable<T> gelu_tanh(Variable<T> x);

}  // namespace minibert::functional

#ifndef MINIBERT_COMPILED
#include <minibert/ops/impl/gelu.ipp>
#endif
