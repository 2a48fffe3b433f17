// Op: how a function on variables is recorded. It lists its inputs once, and reaches their values and gradients through
// that list only.
#pragma once

#include <new>
#include <type_traits>
#include <utility>

#include <minibert/autograd/tape.hpp>

namespace minibert {

/// An op under construction:
///
///     Op<T> op("scale", x.tape());
///     const Input<T> in = op.input(x), factor = op.input(w);   // lists the inputs
///     T* y = op.output(x.shape());                             // then makes the result, to be filled from their
///     data() … return op.record([=](const T* dy, Gradients<T>& g) { … g.slot(in) … g.slot(factor) … });
///
/// From its construction to record() the op is open: reading the value of a variable that requires a gradient and is
/// not listed throws, so that no gradient is lost in silence. One op at a time may be open on a tape.
template <class T>
class Op {
 public:
  /// `name` must be a literal. @throws ValueError if another op is open on the tape
  Op(const char* name, Tape<T>& tape) : name_(name), tape_(tape) {
    core::check<ValueError>(tape.open_op_ == nullptr, name, ": op ", tape.open_op_ == nullptr ? "" : tape.open_op_,
                            " is still open; call its record() before another op begins");
    tape.open_op_ = name;
  }
  ~Op() { close(); }
  Op(const Op&) = delete;
  Op& operator=(const Op&) = delete;

  /// Lists an input. @throws ValueError if it belongs to another tape or to an earlier step, or after output()
  Input<T> input(const Variable<T>& x) {
    core::check<ValueError>(x.tape_ == &tape_, name_, ": an input belongs to another tape");
    core::check<ValueError>(result_ == nullptr, name_, ": list every input before output()");
    Node& node = x.node();
    auto* edge = new (tape_.template scratch<Edge>(1)) Edge{.node = &node, .next = tape_.open_inputs_};
    tape_.open_inputs_ = edge;
    requires_grad_ = requires_grad_ || node.requires_grad;
    return Input<T>(edge);
  }

  /// Makes the result, uninitialised, of the given shape. It requires a gradient if an input does and the tape records.
  T* output(const Shape& shape) {
    result_ =
        tape_.new_node(name_, shape, tape_.template scratch<T>(shape.numel()), requires_grad_ && tape_.recording());
    result_->inputs = tape_.open_inputs_;
    return result_->data;
  }

  /// True if the backward step will be kept: then whatever it needs must be kept, too. Call it after output().
  bool is_recorded() const noexcept { return result_->requires_grad; }

  Tape<T>& tape() const noexcept { return tape_; }

  /// Closes the op. backward() will call f(dy, gradients), with dy the gradient of the result, if the result requires
  /// one. Nobody reads dy afterwards: f may overwrite it. f is copied and never destroyed, so it captures inputs,
  /// pointers and numbers by value. For each input that requires a gradient f must call gradients.slot() or none().
  /// @throws ValueError without a result from output()
  template <class F>
  Variable<T> record(F f) {
    static_assert(std::is_trivially_destructible_v<F> && std::is_trivially_copyable_v<F>,
                  "a backward step captures Inputs, pointers and numbers by value, and never a Variable: list the "
                  "variable with Op::input() and capture the Input");
    core::check<ValueError>(result_ != nullptr, name_, ": record() needs a result from output()");
    close();
    if (result_->requires_grad) {
      result_->closure = new (tape_.arena_.allocate(sizeof(F))) F(f);
      result_->backward = [](const void* closure, T* dy, Gradients<T>& g) { (*static_cast<const F*>(closure))(dy, g); };
      tape_.link(result_);
    }
    return tape_.wrap(result_);
  }

 private:
  using Node = autograd::detail::Node<T>;
  using Edge = autograd::detail::Edge<T>;

  void close() noexcept {
    tape_.open_op_ = nullptr;
    tape_.open_inputs_ = nullptr;
  }

  const char* name_;
  Tape<T>& tape_;
  Node* result_ = nullptr;
  bool requires_grad_ = false;
};

}  // namespace minibert
