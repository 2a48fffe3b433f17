// Module: the base class of models. Gives access to parameters by name, as PyTorch's nn.Module.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <minibert/core/error.hpp>
#include <minibert/nn/context.hpp>
#include <minibert/nn/scope.hpp>
#include <minibert/tensor/tensor.hpp>

namespace minibert::nn {

/// Base of models. Movable, not copyable. Moving a model leaves the addresses of its parameters unchanged.
///
/// Only training needs a non-const model. Any number of threads may run forward passes of a const model at the same
/// time, each with its own tape. Gradients are stored in the parameters, so only one thread at a time may run
/// backward(). A const model gives only const access through parameters() and named_parameters(). The layers hold
/// non-const pointers to parameters, so a program can still write through the layers of a const model.
template <class T>
class Module {
 public:
  using value_type = T;

  Module(Module&&) noexcept = default;
  Module& operator=(Module&&) noexcept = default;

  /// Returns the module's parameters, in ASCII order of their names.
  std::vector<Parameter<T>*> parameters();
  std::vector<const Parameter<T>*> parameters() const;

  /// Returns the names and the parameters, in ASCII order of the names. Names are relative to this module.
  std::vector<std::pair<std::string, Parameter<T>*>> named_parameters();
  std::vector<std::pair<std::string, const Parameter<T>*>> named_parameters() const;

  /// Returns the total number of elements of all parameters.
  index_t num_parameters() const;

  /// Returns two groups for an optimizer, as the Trainer of transformers makes them. The first group has this weight
  /// decay and contains the matrices. The second group has no weight decay and contains biases and layer norms.
  std::vector<ParameterGroup<T>> parameter_groups(double weight_decay);

  /// Returns copies of all parameters, by name.
  std::map<std::string, Tensor<T>> state_dict() const;

  /// Sets all parameters, by name.
  /// @throws ValueError naming a parameter that is missing or unknown
  /// @throws ShapeError if a tensor's shape differs from its parameter's
  void load_state_dict(const std::map<std::string, Tensor<T>>& state);

  /// Discards all gradients, as PyTorch's zero_grad(set_to_none=True).
  void zero_grad();

  /// Initializes all parameters again, as transformers does (see WeightInit).
  void init_weights(double standard_deviation, std::uint64_t seed);
  /// Initializes one parameter of this module again.
  void init_parameter(Parameter<T>& p, const WeightInit& how);

 protected:
  /// Creates a stand-alone model. Its layers initialize their parameters by PyTorch's rules, with the seed 42.
  Module() = default;
  /// Creates a stand-alone model with another WeightInit if `scope` is Scope(init). Creates a part of another model if
  /// `scope` is the scope of a child, parent.scope() / "name".
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

#ifndef MINIBERT_COMPILED
#include <minibert/nn/impl/module.ipp>
#endif
