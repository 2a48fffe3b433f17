// The tape: records what ops do, in order, and runs their backward steps in reverse.
//
// Lifetimes. Values, what backward steps keep, and the steps themselves live in an arena that reset() gives back at
// once. The gradient of a value lives in a pool, from its first consumer's backward step until its own has run. So a
// training step allocates no heap memory once the largest step was seen. Parameters live elsewhere (parameter.hpp).
#pragma once

#include <algorithm>
#include <functional>
#include <new>
#include <type_traits>
#include <utility>
#include <vector>

#include <minibert/autograd/gradients.hpp>
#include <minibert/autograd/no_grad.hpp>
#include <minibert/autograd/variable.hpp>
#include <minibert/core/arena.hpp>
#include <minibert/core/sink.hpp>
#include <minibert/simd/isa.hpp>
#include <minibert/tensor/tensor.hpp>

namespace minibert {

/// Records ops and differentiates them. One tape serves many steps: reset() between them. A tape belongs to one thread
/// at a time; threads that use one model take a tape each.
template <class T>
class Tape {
 public:
  /// @throws ValueError if the environment asks for an instruction set that this processor lacks (simd::isa)
  Tape() { simd::isa(); }
  Tape(const Tape&) = delete;
  Tape& operator=(const Tape&) = delete;

  /// True if ops are recorded now, so that backward() can run: no no_grad lives in this thread.
  bool recording() const noexcept { return !no_grad::active(); }

  /// Forgets everything recorded; all variables of this tape become invalid. The memory is kept for the next step.
  void reset() {
    ++step_;
    last_ = nullptr;
    open_op_ = nullptr;
    leaves_.clear();
    gradients_.release_all();  // retained gradients, or what a backward pass left that ended in an exception
    arena_.reset();
    gradients_.reset();
  }

  // ---- values ----

  /// The parameter as a variable: the same variable for the same parameter until reset(). Without recording it only
  /// reads the parameter, so that threads may share it.
  Variable<T> parameter(Parameter<T>& p) {
    const bool differentiable = recording() && p.requires_grad;
    if (differentiable)
      if (Node* known = find_leaf(&p)) return wrap(known);
    if (differentiable) p.store->allocate_gradient(p);
    Node* leaf = new_node("parameter", p.shape, p.data, differentiable);
    leaf->parameter = &p;
    if (differentiable) {
      link(leaf);
      leaves_.insert(std::lower_bound(leaves_.begin(), leaves_.end(), &p, before), {&p, leaf});
    }
    return wrap(leaf);
  }

  /// A copy of a tensor, without a gradient.
  Variable<T> constant(const Tensor<T>& tensor) { return wrap(copy_of(tensor, "constant", false)); }

  /// A copy of a tensor that gets a gradient although it is no parameter: backward() adds to Variable::grad().
  Variable<T> variable(const Tensor<T>& tensor) {
    Node* node = copy_of(tensor, "variable", recording());
    node->retains_grad = true;
    return wrap(node);
  }

  /// An uninitialised value without a gradient, for scoped().
  Variable<T> buffer(const Shape& shape) { return wrap(new_node("buffer", shape, scratch<T>(shape.numel()), false)); }

  // ---- for ops (see Op) ----

  /// Memory for `count` elements of U that lives as long as the variables: what a backward step needs to keep.
  template <class U = T>
  U* scratch(index_t count) {
    static_assert(std::is_trivially_destructible_v<U>);
    return static_cast<U*>(arena_.allocate(core::usize(count) * sizeof(U)));
  }

  /// A copy of `values` that lives as long as the variables.
  template <class Container>
  auto keep(const Container& values) {
    using U = std::remove_cv_t<std::remove_reference_t<decltype(*std::data(values))>>;
    U* copy = scratch<U>(core::length(values));
    std::copy_n(std::data(values), core::length(values), copy);
    return static_cast<const U*>(copy);
  }

  /// Memory for `count` elements of U that lives until the next call: scratch space of one kernel.
  template <class U = T>
  U* workspace(index_t count) {
    return workspace_.template get<U>(count);
  }

  /// Runs f, a function that returns a Variable. On a tape that does not record, the result is copied to `to` (of the
  /// same shape, made by buffer() before) and all memory that f took is given back. @throws ShapeError
  template <class F>
  Variable<T> scoped(const Variable<T>& to, F f) {
    if (recording()) return f();
    const Arena::Mark mark = arena_.mark();
    const Variable<T> result = f();
    core::check<ShapeError>(result.shape() == to.shape(), "scoped: the result has shape ", result.shape(),
                            ", expected ", to.shape());
    std::copy_n(result.node().data, result.numel(), to.node().data);
    arena_.rewind(mark);
    return to;
  }

  // ---- backward ----

  /// Adds the gradient of `loss`, a scalar, to every parameter and variable that it depends on.
  /// @throws ShapeError if the loss has more than one element; ValueError if it was not recorded, or not by this tape,
  /// or if a value that it depends on was differentiated before; Error if an op's backward step forgets an input
  void backward(const Variable<T>& loss) {
    core::check<ValueError>(loss.tape_ == this, "backward: the loss belongs to another tape");
    core::check<ShapeError>(loss.numel() == 1, "backward: the loss has shape ", loss.shape(), ", expected one element");
    core::check<ValueError>(loss.requires_grad(), "backward: nothing that the loss depends on requires a gradient");
    Gradients<T> gradients(*this);
    const Sink<T> seed = gradient_slot(loss.node());
    *seed.data = seed.accumulate ? *seed.data + T{1} : T{1};
    for (Node* node = &loss.node(); node != nullptr; node = node->previous) {
      if (node->parameter != nullptr) {
        if (node->parameter->has_grad && on_gradient_final) on_gradient_final(*node->parameter);
      } else if (node->backward != nullptr && node->grad != nullptr && !node->ran_backward) {
        run_backward(*node, gradients);
      }
    }
  }

  /// Called by backward() as soon as no later step of it will touch a parameter's gradient.
  std::function<void(Parameter<T>&)> on_gradient_final;

  /// Bytes held for values and for gradients.
  std::size_t capacity() const noexcept { return arena_.capacity() + gradients_.capacity(); }

 private:
  friend class Variable<T>;
  friend class Gradients<T>;
  friend class Op<T>;
  using Node = autograd::detail::Node<T>;
  using Edge = autograd::detail::Edge<T>;
  using Leaf = std::pair<const Parameter<T>*, Node*>;

  static bool before(const Leaf& leaf, const Parameter<T>* p) { return std::less<>()(leaf.first, p); }

  Variable<T> wrap(Node* node) { return {this, node, step_}; }

  Node* new_node(const char* op, const Shape& shape, T* data, bool requires_grad) {
    return new (arena_.allocate(sizeof(Node)))
        Node{.op = op, .shape = shape, .data = data, .requires_grad = requires_grad};
  }

  Node* copy_of(const Tensor<T>& tensor, const char* name, bool requires_grad) {
    Node* node = new_node(name, tensor.shape(), scratch<T>(tensor.numel()), requires_grad);
    std::copy_n(tensor.data(), tensor.numel(), node->data);
    return node;
  }

  Node* find_leaf(const Parameter<T>* p) const {
    const auto leaf = std::lower_bound(leaves_.begin(), leaves_.end(), p, before);
    return leaf != leaves_.end() && leaf->first == p ? leaf->second : nullptr;
  }

  void link(Node* node) {
    node->previous = last_;
    last_ = node;
  }

  bool open_op_lists(const Node& node) const noexcept {
    for (const Edge* edge = open_op_->inputs; edge != nullptr; edge = edge->next)
      if (edge->node == &node) return true;
    return false;
  }

  void run_backward(Node& node, Gradients<T>& gradients) {
    node.ran_backward = true;
    T* dy = node.retains_grad ? copy_of_gradient(node) : node.grad;  // the step may overwrite dy
    node.backward(node.closure, dy, gradients);
    for (const Edge* edge = node.inputs; edge != nullptr; edge = edge->next)
      core::check<Error>(edge->has_slot || !edge->node->requires_grad, "backward: the step of ", node.op,
                         " gave no gradient to an input of shape ", edge->node->shape,
                         "; it must call slot() or none() for each input");
    release_gradient(dy, node.shape);
    if (!node.retains_grad) node.grad = nullptr;
  }

  /// Where the gradient of a value goes.
  Sink<T> gradient_slot(Node& node) {
    if (!node.requires_grad) return {};
    if (Parameter<T>* p = node.parameter) return {p->grad, std::exchange(p->has_grad, true)};
    core::check<ValueError>(!node.ran_backward, "backward: ", node.op,
                            " was differentiated before; add the losses and call backward() once, or record it anew");
    if (node.grad != nullptr) return {node.grad, true};
    node.grad = allocate_gradient(node.shape);
    return {node.grad, false};
  }

  T* allocate_gradient(const Shape& shape) {
    return static_cast<T*>(gradients_.allocate(core::usize(shape.numel()) * sizeof(T)));
  }

  T* copy_of_gradient(const Node& node) {
    return std::copy_n(node.grad, node.shape.numel(), allocate_gradient(node.shape)) - node.shape.numel();
  }

  void release_gradient(T* gradient, const Shape& shape) {
    gradients_.release(gradient, core::usize(shape.numel()) * sizeof(T));
  }

  std::uint64_t step_ = 0;
  Arena arena_;
  Pool gradients_;
  Workspace workspace_;
  Node* last_ = nullptr;
  std::vector<Leaf> leaves_;  // by address of the parameter
  const autograd::detail::OpenOp<T>* open_op_ = nullptr;
};

template <class T>
autograd::detail::Node<T>& Variable<T>::node() const {
  core::check<ValueError>(tape_ != nullptr, "a variable was used before it was given a value");
  core::check<ValueError>(step_ == tape_->step_, "a variable was used after its tape was reset");
  return *node_;
}

template <class T>
const autograd::detail::Node<T>& Variable<T>::readable() const {
  const Node& it = node();
  if (tape_->open_op_ != nullptr && it.requires_grad)
    core::check<ValueError>(tape_->open_op_lists(it), tape_->open_op_->name, ": reads a variable of shape ", it.shape,
                            " that requires a gradient and is not listed; list it with Op::input()");
  return it;
}

}  // namespace minibert
