// Scope: a layer's path in the tree of modules, which prefixes the names of its parameters.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include <minibert/autograd/parameter.hpp>
#include <minibert/nn/init.hpp>

namespace minibert::nn {

/// A path in the tree of modules, such as "encoder.layer.0", under which layers declare their parameters. All scopes of
/// a model share its parameters. declare() allocates and initializes at once, so a model is complete when its
/// constructor returns.
template <class T>
class Scope {
 public:
  /// Makes the root of a new model.
  explicit Scope(const WeightInit& init = {}) : model_(std::make_shared<Model>()) { model_->init = init; }

  /// Returns the scope of a child.
  Scope operator/(std::string_view child) const {
    Scope below = *this;
    below.name_ = full_name(child);
    return below;
  }
  Scope operator/(index_t child) const { return *this / std::to_string(child); }

  /// Makes and initializes a new parameter, "<name()>.<spec.name>". @throws ValueError if the name is taken
  Parameter<T>* declare(const ParameterSpec& spec) const {
    Parameter<T>& parameter = model_->store.declare(full_name(spec.name), spec.shape);
    model_->specs.emplace(parameter.name, spec);
    init_parameter(parameter, spec, model_->init);
    return &parameter;
  }

  const std::string& name() const noexcept { return name_; }
  ParameterStore<T>& store() const noexcept { return model_->store; }
  /// Returns the declaration of a parameter of this model.
  const ParameterSpec& spec(const Parameter<T>& parameter) const { return model_->specs.at(parameter.name); }

 private:
  struct Model {
    WeightInit init;
    ParameterStore<T> store;
    std::map<std::string, ParameterSpec> specs;  // by full name
  };

  std::string full_name(std::string_view child) const {
    return name_.empty() ? std::string(child) : name_ + "." + std::string(child);
  }

  std::shared_ptr<Model> model_;
  std::string name_;
};

}  // namespace minibert::nn
