// Names of parameters: where in the tree of modules a layer stands.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include <minibert/autograd/parameter.hpp>

namespace minibert::nn {

/// A place in the tree of names, "encoder.layer.0" say, in which layers declare their parameters.
template <class T>
class Scope {
 public:
  Scope() : store_(std::make_shared<ParameterStore<T>>()) {}

  /// The place below this one.
  Scope operator/(std::string_view child) const {
    Scope below = *this;
    below.name_ = full_name(child);
    return below;
  }
  Scope operator/(index_t child) const { return *this / std::to_string(child); }

  /// A new parameter, "<this place>.<name>". @throws ValueError if it exists, or if the model is in use already
  Parameter<T>* declare(Parameter<T> parameter) const {
    parameter.name = full_name(parameter.name);
    return store_->declare(std::move(parameter));
  }

  const std::string& name() const noexcept { return name_; }
  ParameterStore<T>& store() const noexcept { return *store_; }

 private:
  std::string full_name(std::string_view child) const {
    return name_.empty() ? std::string(child) : name_ + "." + std::string(child);
  }

  std::shared_ptr<ParameterStore<T>> store_;
  std::string name_;
};

}  // namespace minibert::nn
