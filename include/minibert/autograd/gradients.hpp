// Input and Gradients: give a backward step access to the inputs of its op and to their gradients.
#pragma once

#include <minibert/autograd/variable.hpp>
#include <minibert/core/error.hpp>
#include <minibert/core/sink.hpp>

namespace minibert {

/// An input that an op has listed. Gives access to the input's value. A backward step passes the Input to
/// Gradients::slot() to get the destination of the input's gradient. Trivially copyable, so that a backward step can
/// capture it. A default-constructed Input represents an absent optional input and has no shape.
template <class T>
class Input {
 public:
  Input() = default;
  explicit operator bool() const noexcept { return edge_ != nullptr; }

  const Shape& shape() const noexcept { return edge_->node->shape; }
  index_t numel() const noexcept { return shape().numel(); }
  /// Returns the elements of the value, in row-major order. Returns null for an absent input.
  const T* data() const noexcept { return edge_ == nullptr ? nullptr : edge_->node->data; }
  bool requires_grad() const noexcept { return edge_ != nullptr && edge_->node->requires_grad; }

 private:
  friend class Op<T>;
  friend class Gradients<T>;
  explicit Input(autograd::detail::Edge<T>* edge) : edge_(edge) {}
  autograd::detail::Edge<T>* edge_ = nullptr;
};

/// Tells a backward step where to write the gradients of its inputs.
template <class T>
class Gradients {
 public:
  /// Returns the destination of an input's gradient, or an empty Sink if the input requires no gradient. The first Sink
  /// of a gradient says to overwrite it, and later Sinks say to add to it. If one variable is listed as two inputs, the
  /// second Sink adds to what was written to the first. So write to the Sinks in the order of the slot() calls.
  /// @throws ValueError if the op that computed the input has run its backward step already
  Sink<T> slot(const Input<T>& input) {
    if (!input) return {};
    input.edge_->has_slot = true;
    return tape_.gradient_slot(*input.edge_->node);
  }

  /// Declares that the step has no gradient for this input, although the input requires one.
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
