// Tape: records ops in order, and runs their backward steps in reverse order.
//
// Lifetimes:
// - Values, backward steps and the memory that the steps need live in an arena. reset() releases all of them at once.
// - The gradient of a value lives in a pool. The first backward step that writes the gradient allocates it. The
//   backward step that reads the gradient releases it. A retained gradient, such as that of a Tape::variable(), lives
//   until reset().
// - Parameters and their gradients belong to a ParameterStore.
// Arena and pool keep their memory across reset(). A training step therefore allocates heap memory only if it needs
// more memory than every step before it. A tape whose last 64 steps needed less than a quarter of its memory gives the
// memory back, so one large batch does not keep its memory for ever.
#pragma once

#include <algorithm>
#include <functional>
#include <new>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <minibert/autograd/gradients.hpp>
#include <minibert/autograd/no_grad.hpp>
#include <minibert/autograd/variable.hpp>
#include <minibert/core/arena.hpp>
#include <minibert/core/error.hpp>
#include <minibert/core/sink.hpp>
#include <minibert/tensor/tensor.hpp>

namespace minibert {

/// Records ops and differentiates them. One tape serves many training steps, with reset() between them. Only one thread
/// at a time may use a tape. Threads that share a model need a tape each.
template <class T>
class Tape {
 public:
  /// @throws ValueError if the environment selects an instruction set that this processor lacks (see simd::isa)
  Tape();
  Tape(const Tape&) = delete;
  Tape& operator=(const Tape&) = delete;

  /// Returns true if ops are recorded, that is, if no no_grad exists on the calling thread.
  bool recording() const noexcept { return !no_grad::active(); }

  /// Discards everything recorded. All variables of this tape become invalid. Keeps the memory for the next step,
  /// unless the last 64 steps each needed less than a quarter of it.
  void reset();

  // ---- values ----

  /// Returns the parameter as a variable. While the tape records, all calls for a parameter that requires a gradient
  /// return the same variable until reset(). The call only reads the parameter, so threads may share the parameter.
  Variable<T> parameter(Parameter<T>& p);

  /// Returns a copy of a tensor as a variable that requires no gradient.
  Variable<T> constant(const Tensor<T>& tensor);

  /// Returns a copy of a tensor as a variable that requires a gradient, if the tape records. backward() adds to the
  /// gradient, which Variable::grad() returns.
  Variable<T> variable(const Tensor<T>& tensor);

  /// Returns an uninitialized variable that requires no gradient, as the destination of scoped().
  Variable<T> buffer(const Shape& shape);

  // ---- for ops (see Op) ----

  /// Returns uninitialized memory for `count` elements of U, valid until reset(). An op uses this memory for values
  /// that its backward step reads.
  template <class U = T>
  U* scratch(index_t count) {
    static_assert(std::is_trivially_destructible_v<U>);
    return static_cast<U*>(arena_.allocate(core::usize(count) * sizeof(U)));
  }

  /// Returns a pointer to a copy of `values`, a contiguous container. The copy is valid until reset().
  template <class Container>
  auto keep(const Container& values) {
    using U = std::remove_cv_t<std::remove_reference_t<decltype(*std::data(values))>>;
    U* copy = scratch<U>(core::length(values));
    std::copy_n(std::data(values), core::length(values), copy);
    return static_cast<const U*>(copy);
  }

  /// Returns uninitialized memory for `count` elements of U, valid until the next call of workspace(). Serves as
  /// temporary memory of one kernel.
  template <class U = T>
  U* workspace(index_t count) {
    return workspace_.template get<U>(count);
  }

  /// Calls f and returns its result, a Variable. If the tape does not record, copies the result to `to`, which must
  /// come from buffer(), and returns `to`. The tape then reuses all memory that f took.
  /// @throws ShapeError if the shapes of the result and of `to` differ
  template <class F>
  Variable<T> scoped(const Variable<T>& to, F f) {
    if (recording()) return f();
    const Arena::Mark mark = arena_.mark();
    const Variable<T> result = f();
    core::check<ShapeError>(result.shape() == to.shape(), "scoped: the result has shape ", result.shape(),
                            ", expected ", to.shape(), ", the shape of `to`");
    std::copy_n(result.node().data, result.numel(), to.node().data);
    arena_.rewind(mark);
    return to;
  }

  // ---- backward ----

  /// Adds the gradient of `loss` to the gradient of every parameter and variable that the loss depends on. Two losses
  /// may share parameters. If they also share values computed from parameters, add the losses and call backward() once.
  /// After an exception the gradients are incomplete: clear the gradients, and reset the tape.
  /// @throws ShapeError unless the loss has exactly one element; ValueError if the loss requires no gradient, if the
  /// loss belongs to another tape, or if a value that the loss depends on was differentiated before; Error if the
  /// backward step of an op gives an input no gradient
  void backward(const Variable<T>& loss);

  /// If set, backward() calls this function for each parameter with a gradient, as soon as the gradient is final.
  std::function<void(Parameter<T>&)> on_gradient_final;

  // ---- values that are not finite ----

  /// If true, backward() checks each gradient as soon as an op has written it. If a gradient is not finite, backward()
  /// throws an Error that names the op. Slow; meant for debugging.
  bool detect_anomaly = false;

  /// Searches all values recorded since reset(). Returns a text that names the op that made the first NaN and the op
  /// that made the first infinite value. Returns an empty string if all values are finite. Slow; reads every value.
  std::string find_anomaly() const;

  /// Returns the number of bytes that this tape holds. This is at most about four times the memory that the largest of
  /// the last 64 steps needed, plus 4 MB for each of the three kinds of memory (values, gradients, scratch memory).
  std::size_t capacity() const noexcept { return arena_.capacity() + gradients_.capacity() + workspace_.capacity(); }

 private:
  friend class Variable<T>;
  friend class Gradients<T>;
  friend class Op<T>;
  using Node = autograd::detail::Node<T>;
  using Edge = autograd::detail::Edge<T>;
  using Leaf = std::pair<const Parameter<T>*, Node*>;

  static bool before(const Leaf& leaf, const Parameter<T>* p) { return std::less<>()(leaf.first, p); }

  Variable<T> wrap(Node* node) { return {this, node, step_}; }

  Node* new_node(const char* op, const Shape& shape, T* data, bool requires_grad);

  Node* copy_of(const Tensor<T>& tensor, const char* name, bool requires_grad);

  Node* find_leaf(const Parameter<T>* p) const;

  void link(Node* node) {
    node->previous = last_;
    last_ = node;
  }

  bool open_op_lists(const Node& node) const noexcept;

  void run_backward(Node& node, Gradients<T>& gradients);

  /// Checks the gradients that the backward step of a node wrote. @throws Error if one is not finite
  void check_gradients(const Node& node) const;

  /// Returns the destination to which a backward step writes the gradient of a value. Returns an empty sink if the
  /// value requires no gradient. Allocates the gradient if it does not exist.
  Sink<T> gradient_slot(Node& node);

  T* allocate_gradient(const Shape& shape) {
    return static_cast<T*>(gradients_.allocate(core::usize(shape.numel()) * sizeof(T)));
  }

  T* copy_of_gradient(const Node& node);

  void release_gradient(T* gradient, const Shape& shape) {
    gradients_.release(gradient, core::usize(shape.numel()) * sizeof(T));
  }

  std::uint64_t step_ = 0;  // number of calls of reset()
  Arena arena_;
  Pool gradients_;
  Workspace workspace_;
  Node* last_ = nullptr;                                  // the node recorded last
  std::vector<Leaf> leaves_;                              // sorted by the address of the parameter
  const autograd::detail::OpenOp<T>* open_op_ = nullptr;  // null if no op is open
};

}  // namespace minibert

#ifndef MINIBERT_COMPILED
#include <minibert/autograd/impl/tape.ipp>
#endif
