// Input and Gradients: what a backward step uses to read its inputs and to write their gradients.
#pragma once

#include <minibert/autograd/variable.hpp>
#include <minibert/core/error.hpp>
#include <minibert/core/sink.hpp>

namespace minibert {

/// An input that an op has listed. Gives its value, and stands for its gradient in Gradients::slot(). Trivially
/// copyable, so that a backward step can capture it. A default-constructed Input is an absent optional input: it has no
/// shape.
template <class T>
class Input {
 public:
  Input() = default;
  explicit operator bool() const noexcept { return edge_ != nullptr; }

  const Shape& shape() const noexcept { return edge_->node->shape; }
  index_t numel() const noexcept { return shape().numel(); }
  /// Returns the value, row-major; null for an absent input.
  const T* data() const noexcept { return edge_ == nullptr ? nullptr : edge_->node->data; }
  bool requires_grad() const noexcept { return edge_ != nullptr && edge_->node->requires_grad; }

 private:
  friend class Op<T>;
  friend class Gradients<T>;
  explicit Input(autograd::detail::Edge<T>* edge) : edge_(edge) {}
  autograd::detail::Edge<T>* edge_ = nullptr;
};

/// Gives a backward step the places of its inputs' gradients.
template <class T>
class Gradients {
 public:
  /// Returns the place of an input's gradient, or an empty Sink if the input requires no gradient. The first writer of
  /// a gradient replaces it, later writers add. One variable may be listed as two inputs, so take one slot and fill it
  /// before taking the next.
  /// @throws ValueError if the input's own backward step has run already
  Sink<T> slot(const Input<T>& input) {
    if (!input) return {};
    input.edge_->has_slot = true;
    return tape_.gradient_slot(*input.edge_->node);
  }

  /// States that the step has no gradient for this input, although the input requires one.
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
