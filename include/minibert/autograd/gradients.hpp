// What a backward step sees: the inputs that its op listed, and where their gradients go.
#pragma once

#include <minibert/autograd/variable.hpp>
#include <minibert/core/sink.hpp>

namespace minibert {

/// An input that an op has listed: its value, and the key to its gradient. Trivially copyable, so that a backward step
/// can capture it. A default-constructed one stands for an optional input that is absent.
template <class T>
class Input {
 public:
  Input() = default;
  explicit operator bool() const noexcept { return edge_ != nullptr; }

  const Shape& shape() const noexcept { return edge_->node->shape; }
  index_t numel() const noexcept { return shape().numel(); }
  /// The value, row-major; null for an absent input.
  const T* data() const noexcept { return edge_ == nullptr ? nullptr : edge_->node->data; }
  bool requires_grad() const noexcept { return edge_ != nullptr && edge_->node->requires_grad; }

 private:
  friend class Op<T>;
  friend class Gradients<T>;
  explicit Input(autograd::detail::Edge<T>* edge) : edge_(edge) {}
  autograd::detail::Edge<T>* edge_ = nullptr;
};

/// What a backward step sees of the tape: where the gradients of its inputs go.
template <class T>
class Gradients {
 public:
  /// Where the gradient of an input goes; an empty Sink if the input needs none. The first caller replaces what is
  /// there, later callers add. One variable may be listed as two inputs: a step takes one slot, fills it, and only then
  /// takes the other.
  /// @throws ValueError if the input's own backward step has run already
  Sink<T> slot(const Input<T>& input) {
    if (!input) return {};
    input.edge_->has_slot = true;
    return tape_.gradient_slot(*input.edge_->node);
  }

  /// States that this input gets no gradient from the step, although it requires one.
  void none(const Input<T>& input) noexcept {
    if (input) input.edge_->has_slot = true;
  }

  Tape<T>& tape() const noexcept { return tape_; }

 private:
  friend class Tape<T>;
  explicit Gradients(Tape<T>& tape) : tape_(tape) {}
  Tape<T>& tape_;
};

}  // namespace minibert
