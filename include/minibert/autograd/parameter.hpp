// Parameters: tensors that training changes. They live in one block, their gradients in another of the same layout, so
// that the optimizer and the gradient's norm run over contiguous memory.
#pragma once

#include <algorithm>
#include <deque>
#include <span>
#include <string>
#include <vector>

#include <minibert/core/aligned_buffer.hpp>
#include <minibert/tensor/shape.hpp>
#include <minibert/tensor/views.hpp>

namespace minibert {

/// How a parameter begins.
enum class Init { zeros, ones, normal };

template <class T>
class ParameterStore;

/// A named tensor and its gradient; both point into the ParameterStore that owns it.
template <class T>
struct Parameter {
  std::string name;  ///< full name, as in Hugging Face's files
  Shape shape;
  Init init = Init::zeros;
  bool decay = true;          ///< subject to weight decay: not for biases and layer norms
  index_t zero_row = -1;      ///< a row that begins as zeros (the embedding of [PAD]), or −1
  bool requires_grad = true;  ///< false: frozen
  bool has_grad = false;      ///< grad was written since zero_grad(); false is PyTorch's `grad None`
  ParameterStore<T>* store = nullptr;
  T* data = nullptr;   ///< shape.numel() values; null until the store's layout is fixed
  T* grad = nullptr;   ///< as many; null until a tape first records the parameter
  index_t offset = 0;  ///< of data in flat_values() and of grad in flat_grads()

  index_t numel() const noexcept { return shape.numel(); }
};

/// Owns parameters. They are declared first; the first look at them fixes the layout: one block, in name order.
template <class T>
class ParameterStore {
 public:
  ParameterStore() = default;
  ParameterStore(const ParameterStore&) = delete;
  ParameterStore& operator=(const ParameterStore&) = delete;

  /// A new parameter; its address is stable.
  /// @throws ValueError if the name is taken, or the layout already fixed.
  Parameter<T>* declare(Parameter<T> parameter) {
    core::check<ValueError>(in_order_.empty(), "parameter ", parameter.name,
                            ": the model's parameters are in use already");
    for (const Parameter<T>& other : parameters_)
      core::check<ValueError>(other.name != parameter.name, "parameter ", parameter.name, " exists twice");
    parameter.store = this;
    parameters_.push_back(std::move(parameter));
    return &parameters_.back();
  }

  /// All parameters, in ASCII order of their names. Fixes the layout.
  const std::vector<Parameter<T>*>& in_order() {
    if (in_order_.empty() && !parameters_.empty()) allocate();
    return in_order_;
  }

  /// The values of all parameters, in order (with up to 15 unused elements, always zero, between two of them).
  std::span<T> flat_values() {
    in_order();
    return {reinterpret_cast<T*>(values_.data()), core::usize(numel_)};
  }

  /// The gradients of all parameters, laid out as the values. Allocates them, as zeros, at the first call.
  std::span<T> flat_grads() {
    in_order();
    if (grads_.size() == 0 && numel_ > 0) {
      grads_ = AlignedBuffer(core::usize(numel_) * sizeof(T));
      T* block = reinterpret_cast<T*>(grads_.data());
      std::fill_n(block, numel_, T{0});
      for (Parameter<T>* p : in_order_) p->grad = block + p->offset;
    }
    return {reinterpret_cast<T*>(grads_.data()), core::usize(numel_)};
  }

  bool training = true;  ///< dropout is on

 private:
  void allocate() {
    for (Parameter<T>& p : parameters_) in_order_.push_back(&p);
    std::sort(in_order_.begin(), in_order_.end(), [](const auto* a, const auto* b) { return a->name < b->name; });
    constexpr index_t line = static_cast<index_t>(kAlignment / sizeof(T));
    for (Parameter<T>* p : in_order_) {
      p->offset = numel_;
      numel_ += num_lines(p->numel(), line) * line;
    }
    values_ = AlignedBuffer(core::usize(numel_) * sizeof(T));
    T* block = reinterpret_cast<T*>(values_.data());
    std::fill_n(block, numel_, T{0});
    for (Parameter<T>* p : in_order_) p->data = block + p->offset;
  }
  static constexpr index_t num_lines(index_t n, index_t line) { return (n + line - 1) / line; }

  std::deque<Parameter<T>> parameters_;
  std::vector<Parameter<T>*> in_order_;
  AlignedBuffer values_, grads_;
  index_t numel_ = 0;
};

}  // namespace minibert
