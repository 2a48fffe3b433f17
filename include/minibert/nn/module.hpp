// Module: the base class of models, which gives access to their parameters by name, as PyTorch's nn.Module.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <minibert/nn/context.hpp>
#include <minibert/nn/scope.hpp>
#include <minibert/tensor/tensor.hpp>

namespace minibert::nn {

/// Base of models. Movable, not copyable. Moving a model leaves the addresses of its parameters unchanged.
///
/// Only training needs a non-const model. Any number of threads may run a const model at the same time, each with its
/// own tape under no_grad. Gradients are stored in the parameters, so only one tape at a time may record a model.
template <class T>
class Module {
 public:
  using value_type = T;

  Module(Module&&) noexcept = default;
  Module& operator=(Module&&) noexcept = default;

  /// Returns the module's parameters, in ASCII order of their names.
  std::vector<Parameter<T>*> parameters() {
    std::vector<Parameter<T>*> all;
    for_each([&](const std::string& /*name*/, Parameter<T>& p) { all.push_back(&p); });
    return all;
  }
  std::vector<const Parameter<T>*> parameters() const {
    std::vector<const Parameter<T>*> all;
    for_each([&](const std::string& /*name*/, const Parameter<T>& p) { all.push_back(&p); });
    return all;
  }

  /// Returns names and parameters, in the same order. Names are relative to this module, as in its files.
  std::vector<std::pair<std::string, Parameter<T>*>> named_parameters() {
    std::vector<std::pair<std::string, Parameter<T>*>> named;
    for_each([&](std::string name, Parameter<T>& p) { named.emplace_back(std::move(name), &p); });
    return named;
  }
  std::vector<std::pair<std::string, const Parameter<T>*>> named_parameters() const {
    std::vector<std::pair<std::string, const Parameter<T>*>> named;
    for_each([&](std::string name, const Parameter<T>& p) { named.emplace_back(std::move(name), &p); });
    return named;
  }

  /// Returns the total number of elements of all parameters.
  index_t num_parameters() const {
    index_t n = 0;
    for_each([&](const std::string& /*name*/, const Parameter<T>& p) { n += p.numel(); });
    return n;
  }

  /// Returns two groups for an optimizer, as transformers' Trainer makes them: matrices with weight decay, biases and
  /// layer norms without.
  std::vector<ParameterGroup<T>> parameter_groups(double weight_decay) {
    std::vector<ParameterGroup<T>> groups(2);
    groups[0].weight_decay = weight_decay;
    groups[1].weight_decay = 0.0;
    for (Parameter<T>* p : parameters()) groups[scope_.spec(*p).decay ? 0 : 1].parameters.push_back(p);
    return groups;
  }

  /// Returns copies of all parameters, by name.
  std::map<std::string, Tensor<T>> state_dict() const {
    std::map<std::string, Tensor<T>> state;
    for (const auto& [name, p] : named_parameters()) state.emplace(name, Tensor<T>(p->shape, p->data));
    return state;
  }

  /// Sets all parameters.
  /// @throws ValueError naming a parameter that is missing or unknown
  /// @throws ShapeError if a tensor's shape differs from its parameter's
  void load_state_dict(const std::map<std::string, Tensor<T>>& state) {
    const auto named = named_parameters();
    for (const auto& [name, p] : named) {
      const auto entry = state.find(name);
      core::check<ValueError>(entry != state.end(), "load_state_dict: ", name, " is missing");
      core::check<ShapeError>(entry->second.shape() == p->shape, "load_state_dict: ", name, " has shape ",
                              entry->second.shape(), ", expected ", p->shape);
    }
    for (const auto& entry : state) {
      const auto known = [&](const auto& n) { return n.first == entry.first; };
      core::check<ValueError>(std::any_of(named.begin(), named.end(), known), "load_state_dict: ", entry.first,
                              " is not a parameter of this module");
    }
    for (const auto& [name, p] : named) std::copy_n(state.at(name).data(), p->numel(), p->data);
  }

  /// Discards all gradients, as PyTorch's zero_grad(set_to_none=True).
  void zero_grad() {
    for_each([](const std::string& /*name*/, Parameter<T>& p) { p.has_grad = false; });
  }

  /// Initializes all parameters again, as transformers does (see WeightInit).
  void init_weights(double standard_deviation, std::uint64_t seed) {
    for_each([&](const std::string& /*name*/, Parameter<T>& p) { init_parameter(p, {seed, standard_deviation}); });
  }
  /// Initializes one parameter of this module again.
  void init_parameter(Parameter<T>& p, const WeightInit& how) { nn::init_parameter(p, scope_.spec(p), how); }

 protected:
  /// Makes a stand-alone model. Its layers initialize their parameters by PyTorch's rules, with the seed 42.
  Module() = default;
  /// Makes a stand-alone model with another WeightInit (pass Scope(init)), or a part of another model (pass
  /// scope / "name").
  explicit Module(Scope<T> scope) : scope_(std::move(scope)) {}

  const Scope<T>& scope() const noexcept { return scope_; }

 private:
  template <class F>
  void for_each(F f) const {
    const std::string& own = scope_.name();
    for (Parameter<T>* p : scope_.store().in_order()) {
      if (own.empty())
        f(p->name, *p);
      else if (p->name.size() > own.size() && p->name.starts_with(own) && p->name[own.size()] == '.')
        f(p->name.substr(own.size() + 1), *p);
    }
  }

  Scope<T> scope_;
};

}  // namespace minibert::nn
