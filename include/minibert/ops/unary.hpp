// Elementwise functions of one variable: exp, log, sqrt, tanh, sigmoid, relu, silu.
#pragma once

#include <minibert/autograd/variable.hpp>

namespace minibert::functional {

/// y = eˣ
template <class T>
Variable<T> exp(Variable<T> x);

/// y = ln x
template <class T>
Variable<T> log(Variable<T> x);

/// y = √x
template <class T>
Variable<T> sqrt(Variable<T> x);

/// y = tanh x, dy/dx = 1 − y²
template <class T>
Variable<T> tanh(Variable<T> x);

/// y = σ(x) = 1/(1 + e⁻ˣ), dy/dx = y·(1 − y)
template <class T>
Variable<T> sigmoid(Variable<T> x);

/// y = max(x, 0). dy/dx is 0 at 0, as in PyTorch.
template <class T>
Variable<T> relu(Variable<T> x);

/// y = x·σ(x), where σ(x) = 1/(1 + e⁻ˣ) (Hendrycks and Gimpel, 2016). dy/dx = σ(x)·(1 + x·(1 − σ(x)))
template <class T>
Variable<T> silu(Variable<T> x);

}  // namespace minibert::functional

#ifndef MINIBERT_COMPILED
#include <minibert/ops/impl/unary.ipp>
#endif
