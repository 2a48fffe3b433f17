// Definitions of autograd/parameter.hpp.
#pragma once

#include <algorithm>
#include <utility>

#include <minibert/autograd/parameter.hpp>
#include <minibert/core/error.hpp>

namespace minibert {

template <class T>
Parameter<T>& ParameterStore<T>::declare(std::string name, const Shape& shape) {
  const auto place = std::lower_bound(in_order_.begin(), in_order_.end(), name, before);
  core::check<ValueError>(place == in_order_.end() || (*place)->name != name, "parameter ", name,
                          " exists twice; give each parameter its own name");
  Parameter<T>& parameter = parameters_.emplace_back();
  parameter.name = std::move(name);
  parameter.shape = shape;
  parameter.data = zeros(values_, parameter.numel());
  parameter.store = this;
  in_order_.insert(place, &parameter);
  return parameter;
}

template <class T>
void ParameterStore<T>::allocate_gradient(Parameter<T>& parameter) {
  if (parameter.grad == nullptr) parameter.grad = zeros(gradients_, parameter.numel());
}

template <class T>
T* ParameterStore<T>::zeros(Arena& arena, index_t count) {
  T* memory = static_cast<T*>(arena.allocate(core::usize(count) * sizeof(T)));
  std::fill_n(memory, count, T{0});
  return memory;
}

#ifdef MINIBERT_COMPILED
#define MINIBERT_INSTANTIATE(T) template class ParameterStore<T>;
MINIBERT_INSTANTIATE(float)
MINIBERT_INSTANTIATE(double)
#undef MINIBERT_INSTANTIATE
#endif

}  // namespace minibert
