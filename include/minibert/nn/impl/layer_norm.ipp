// Definitions of nn/layer_norm.hpp.
#pragma once

#include <minibert/autograd/tape.hpp>
#include <minibert/core/error.hpp>
#include <minibert/nn/layer_norm.hpp>
#include <minibert/ops/layer_norm.hpp>

namespace minibert::nn {

template <class T>
LayerNorm<T>::LayerNorm(const Scope<T>& scope, index_t size, double eps)
    : weight(scope.declare({.name = "weight", .shape = {size}, .init = Init::ones(), .decay = false})),
      bias(scope.declare({.name = "bias", .shape = {size}, .decay = false})),
      eps_(static_cast<T>(eps)) {}

template <class T>
Variable<T> LayerNorm<T>::forward(Variable<T> x) const {
  return functional::layer_norm(x, x.tape().parameter(*weight), x.tape().parameter(*bias), eps_);
}

template <class T>
Variable<T> LayerNorm<T>::forward(Variable<T> x, Variable<T> residual) const {
  return functional::add_layer_norm(x, residual, x.tape().parameter(*weight), x.tape().parameter(*bias), eps_);
}

#ifdef MINIBERT_COMPILED
#define MINIBERT_INSTANTIATE(T) template class LayerNorm<T>;
MINIBERT_INSTANTIATE(float)
MINIBERT_INSTANTIATE(double)
#undef MINIBERT_INSTANTIATE
#endif

}  // namespace minibert::nn
