// Op: records a function on variables. An op lists its inputs once. The op reaches values and gradients only through
// the listed inputs.
#pragma once

#include <new>
#include <type_traits>
#include <utility>

#include <minibert/autograd/tape.hpp>
#include <minibert/core/error.hpp>

namespace minibert {

/// An op under construction:
///
///     Op<T> op("scale", x.tape());
///     const Input<T> in = op.input(x), factor = op.input(w);  // lists the inputs
///     T* y = op.output(x.shape());                            // makes the result; fill it from in.data(), …
///     return op.record([=](const T* dy, Gradients<T>& g) { … g.slot(in) … g.slot(factor) … });
///
/// The op is open from its construction until record(). While the op is open, a variable that requires a gradient must
/// be listed before its value is read. Reading the value of an unlisted variable throws, so that no gradient is lost
/// silently. A tape has at most one open op.
template <class T>
class Op {
 public:
  /// Opens the op. `name` must be a string literal. @throws ValueError if another op is open on the tape
  Op(const char* name, Tape<T>& tape);
  ~Op() { close(); }
  Op(const Op&) = delete;
  Op& operator=(const Op&) = delete;

  /// Lists an input.
  /// @throws ValueError if x belongs to another tape or was made before the tape's last reset(), if output() was called
  /// before, or if record() or the tape's reset() has closed the op
  Input<T> input(const Variable<T>& x);

  /// Creates the result with the given shape and returns its elements, uninitialized. The result requires a gradient if
  /// an input requires one and the tape records.
  /// @throws ValueError if output() was called before, or if record() or the tape's reset() has closed the op
  T* output(const Shape& shape);

  /// Returns true if the tape will keep the backward step. The op must then keep the values that the step reads.
  /// @throws ValueError if called before output()
  bool is_recorded() const;

  Tape<T>& tape() const noexcept { return tape_; }

  /// Closes the op and returns the result. If the result requires a gradient, backward() calls f(dy, gradients), where
  /// dy is the gradient of the result. f may overwrite dy. f is copied and never destroyed, so f must capture inputs,
  /// pointers and numbers by value. f must call gradients.slot() or gradients.none() for each input that requires a
  /// gradient.
  /// @throws ValueError if called before output(), or if record() or the tape's reset() has closed the op already
  template <class F>
  Variable<T> record(F f) {
    static_assert(std::is_trivially_destructible_v<F> && std::is_trivially_copyable_v<F>,
                  "a backward step captures Inputs, pointers and numbers by value, and never a Variable: list the "
                  "variable with Op::input() and capture the Input");
    check_open("record");
    core::check<ValueError>(result_ != nullptr, open_.name,
                            ": record() was called before output(); call output() first");
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

  /// Checks that the op is open. `function` is the name of the caller, for the message.
  /// @throws ValueError if record() or the tape's reset() has closed the op
  void check_open(const char* function) const;

  void close() noexcept {
    if (tape_.open_op_ == &open_) tape_.open_op_ = nullptr;
  }

  Tape<T>& tape_;
  autograd::detail::OpenOp<T> open_;
  Node* result_ = nullptr;
  bool requires_grad_ = false;
};

}  // namespace minibert

#ifndef MINIBERT_COMPILED
#include <minibert/autograd/impl/op.ipp>
#endif
