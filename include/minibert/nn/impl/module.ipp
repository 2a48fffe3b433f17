// Definitions of nn/module.hpp.
#pragma once

#include <algorithm>

#include <minibert/core/error.hpp>
#include <minibert/nn/module.hpp>

namespace minibert::nn {

template <class T>
std::vector<Parameter<T>*> Module<T>::parameters() {
  std::vector<Parameter<T>*> all;
  for_each([&](const std::string& /*name*/, Parameter<T>& p) { all.push_back(&p); });
  return all;
}

template <class T>
std::vector<const Parameter<T>*> Module<T>::parameters() const {
  std::vector<const Parameter<T>*> all;
  for_each([&](const std::string& /*name*/, const Parameter<T>& p) { all.push_back(&p); });
  return all;
}

template <class T>
std::vector<std::pair<std::string, Parameter<T>*>> Module<T>::named_parameters() {
  std::vector<std::pair<std::string, Parameter<T>*>> named;
  for_each([&](std::string name, Parameter<T>& p) { named.emplace_back(std::move(name), &p); });
  return named;
}

template <class T>
std::vector<std::pair<std::string, const Parameter<T>*>> Module<T>::named_parameters() const {
  std::vector<std::pair<std::string, const Parameter<T>*>> named;
  for_each([&](std::string name, const Parameter<T>& p) { named.emplace_back(std::move(name), &p); });
  return named;
}

template <class T>
index_t Module<T>::num_parameters() const {
  index_t n = 0;
  for_each([&](const std::string& /*name*/, const Parameter<T>& p) { n += p.numel(); });
  return n;
}

template <class T>
std::vector<ParameterGroup<T>> Module<T>::parameter_groups(double weight_decay) {
  std::vector<ParameterGroup<T>> groups(2);
  groups[0].weight_decay = weight_decay;
  groups[1].weight_decay = 0.0;
  for (Parameter<T>* p : parameters()) groups[scope_.spec(*p).decay ? 0 : 1].parameters.push_back(p);
  return groups;
}

template <class T>
std::map<std::string, Tensor<T>> Module<T>::state_dict() const {
  std::map<std::string, Tensor<T>> state;
  for (const auto& [name, p] : named_parameters()) state.emplace(name, Tensor<T>(p->shape, p->data));
  return state;
}

template <class T>
void Module<T>::load_state_dict(const std::map<std::string, Tensor<T>>& state) {
  const auto named = named_parameters();
  for (const auto& [name, p] : named) {
    const auto entry = state.find(name);
    core::check<ValueError>(entry != state.end(), "load_state_dict: ", name,
                            " is missing, expected every parameter of the module");
    core::check<ShapeError>(entry->second.shape() == p->shape, "load_state_dict: ", name, " has shape ",
                            entry->second.shape(), ", expected ", p->shape);
  }
  for (const auto& entry : state) {
    const auto known = [&](const auto& n) { return n.first == entry.first; };
    core::check<ValueError>(std::any_of(named.begin(), named.end(), known), "load_state_dict: ", entry.first,
                            " is not a parameter of this module; remove it");
  }
  for (const auto& [name, p] : named) std::copy_n(state.at(name).data(), p->numel(), p->data);
}

template <class T>
void Module<T>::zero_grad() {
  for_each([](const std::string& /*name*/, Parameter<T>& p) { p.has_grad = false; });
}

template <class T>
void Module<T>::init_weights(double standard_deviation, std::uint64_t seed) {
  for_each([&](const std::string& /*name*/, Parameter<T>& p) { init_parameter(p, {seed, standard_deviation}); });
}

template <class T>
void Module<T>::init_parameter(Parameter<T>& p, const WeightInit& how) {
  nn::init_parameter(p, scope_.spec(p), how);
}

#ifdef MINIBERT_COMPILED
#define MINIBERT_INSTANTIATE(T) template class Module<T>;
MINIBERT_INSTANTIATE(float)
MINIBERT_INSTANTIATE(double)
#undef MINIBERT_INSTANTIATE
#endif

}  // namespace minibert::nn
