// GELU, as torch.nn.functional.gelu.
#pragma once

#include <minibert/autograd/variable.hpp>

namespace minibert::functional {

/// y = x·Φ(x), Φ the cumulative distribution function of the standard normal, as PyTorch's gelu(x).
template <class T>
Variable<T> gelu(Variable<T> x);

/// y = x/2·(1 + tanh(√(2/π)·(x + 0.044715·x³))), as PyTorch's gelu(x, approximate="tanh") and Hugging Face's
/// "gelu_new".
template <class T>
Variable<T> gelu_tanh(Variable<T> x);

}  // namespace minibert::functional

#ifndef MINIBERT_COMPILED
#include <minibert/ops/impl/gelu.ipp>
#endif
