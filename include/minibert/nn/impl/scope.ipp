// Definitions of nn/scope.hpp.
#pragma once

#include <minibert/nn/scope.hpp>

namespace minibert::nn {

template <class T>
Scope<T>::Scope(const WeightInit& init) : model_(std::make_shared<Model>()) {
  model_->init = init;
}

template <class T>
Scope<T> Scope<T>::operator/(std::string_view child) const {
  Scope below = *this;
  below.name_ = full_name(child);
  return below;
}

template <class T>
Scope<T> Scope<T>::operator/(index_t child) const {
  return *this / std::to_string(child);
}

template <class T>
Parameter<T>* Scope<T>::declare(const ParameterSpec& spec) const {
  Parameter<T>& parameter = model_->store.declare(full_name(spec.name), spec.shape);
  model_->specs.emplace(parameter.name, spec);
  init_parameter(parameter, spec, model_->init);
  return &parameter;
}

template <class T>
const ParameterSpec& Scope<T>::spec(const Parameter<T>& parameter) const {
  return model_->specs.at(parameter.name);
}

template <class T>
std::string Scope<T>::full_name(std::string_view child) const {
  return name_.empty() ? std::string(child) : name_ + "." + std::string(child);
}

#ifdef MINIBERT_COMPILED
#define MINIBERT_INSTANTIATE(T) template class Scope<T>;
MINIBERT_INSTANTIATE(float)
MINIBERT_INSTANTIATE(double)
#undef MINIBERT_INSTANTIATE
#endif

}  // namespace minibert::nn
