// Parameters: named tensors that training changes, and the store that owns their memory.
#pragma once

#include <deque>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <minibert/core/arena.hpp>
#include <minibert/core/error.hpp>
#include <minibert/tensor/shape.hpp>

namespace minibert {

template <class T>
class ParameterStore;

/// A named tensor and its gradient. A ParameterStore owns both and never moves them.
///
/// The gradient belongs to the parameter, not to a tape. Any number of threads may run forward passes on the parameters
/// of one store at the same time, if each thread has its own tape. Only one thread at a time may run backward().
template <class T>
struct Parameter {
  std::string name;  ///< full name, as in the model files of Hugging Face
  Shape shape;
  bool requires_grad = true;  ///< false: frozen
  bool has_grad = false;      ///< true if grad was written since zero_grad(); false is PyTorch's `grad is None`
  T* data = nullptr;          ///< shape.numel() values
  T* grad = nullptr;          ///< shape.numel() values; null until a backward pass first reaches the parameter
  ParameterStore<T>* store = nullptr;  ///< owner of data and grad

  index_t numel() const noexcept { return shape.numel(); }

  /// Returns all elements in row-major order.
  std::span<T> values() noexcept { return {data, core::usize(numel())}; }
  std::span<const T> values() const noexcept { return {data, core::usize(numel())}; }
  /// Returns all elements of the gradient, in row-major order. Returns an empty span until a backward pass first
  /// reaches the parameter.
  std::span<const T> gradient() const noexcept { return {grad, grad == nullptr ? 0 : core::usize(numel())}; }
};

/// Parameters with the same optimizer settings, as an entry of PyTorch's `param_groups`.
template <class T>
struct ParameterGroup {
  std::vector<Parameter<T>*> parameters;
  std::optional<double> lr = std::nullopt;            ///< replaces the optimizer's learning rate
  std::optional<double> weight_decay = std::nullopt;  ///< replaces the optimizer's weight decay
};

/// Owns parameters and their gradients. declare() allocates the values of a parameter. The first backward pass that
/// reaches the parameter allocates the gradient.
template <class T>
class ParameterStore {
 public:
  ParameterStore() = default;
  ParameterStore(const ParameterStore&) = delete;
  ParameterStore& operator=(const ParameterStore&) = delete;

  /// Adds a parameter whose elements are zero. The address of the parameter never changes.
  /// @throws ValueError if the name is taken
  Parameter<T>& declare(std::string name, const Shape& shape);

  /// Returns all parameters, in ASCII order of their names.
  const std::vector<Parameter<T>*>& in_order() noexcept { return in_order_; }

  /// Allocates the gradient of a parameter and fills it with zeros. Does nothing if the gradient is allocated already.
  void allocate_gradient(Parameter<T>& parameter);

 private:
  static bool before(const Parameter<T>* parameter, const std::string& name) { return parameter->name < name; }

  static T* zeros(Arena& arena, index_t count);

  std::deque<Parameter<T>> parameters_;
  std::vector<Parameter<T>*> in_order_;
  Arena values_, gradients_;
};

}  // namespace minibert

#ifndef MINIBERT_COMPILED
#include <minibert/autograd/impl/parameter.ipp>
#endif
