// Scope: the path of a layer in the tree of modules. The path is the prefix of the names of the layer's parameters.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>

#include <minibert/autograd/parameter.hpp>
#include <minibert/core/error.hpp>
#include <minibert/nn/init.hpp>

namespace minibert::nn {

/// A path in the tree of modules, such as "encoder.layer.0". Layers declare their parameters under this path. All
/// scopes of a model share the model's parameters. declare() allocates and initializes at once, so a model is complete
/// when its constructor returns.
///
/// Layers hold plain pointers to their parameters. The scopes and modules of a model own the parameters together, so at
/// least one scope or module must outlive the layers.
template <class T>
class Scope {
 public:
  /// Creates a new model and the scope of its root, whose name is empty.
  explicit Scope(const WeightInit& init = {});

  /// Returns the scope of a child.
  Scope operator/(std::string_view child) const;
  Scope operator/(index_t child) const;

  /// Creates and initializes a parameter with the full name "<name()>.<spec.name>".
  /// @throws ValueError if the name is taken
  Parameter<T>* declare(const ParameterSpec& spec) const;

  const std::string& name() const noexcept { return name_; }
  ParameterStore<T>& store() const noexcept { return model_->store; }
  /// Returns the ParameterSpec with which a parameter of this model was declared.
  const ParameterSpec& spec(const Parameter<T>& parameter) const;

 private:
  struct Model {
    WeightInit init;
    ParameterStore<T> store;
    std::map<std::string, ParameterSpec> specs;  // by full name
  };

  std::string full_name(std::string_view child) const;

  std::shared_ptr<Model> model_;
  std::string name_;
};

}  // namespace minibert::nn

#ifndef MINIBERT_COMPILED
#include <minibert/nn/impl/scope.ipp>
#endif
