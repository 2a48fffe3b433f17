// The tape: records what ops do, in order, and runs their backward steps in reverse.
//
// Lifetimes. Values, what backward steps keep, and the steps themselves live in an arena that reset() gives back at
// once. The gradient of a value lives in a pool, from its first consumer's backward step until its own has run. So
// once the largest step was seen, a training step asks the heap for nothing. Parameters live elsewhere (parameter.hpp).
#pragma once

#include <algorithm>
#include <functional>
#include <initializer_list>
#include <new>
#include <type_traits>
#include <utility>
#include <vector>

#include <minibert/autograd/no_grad.hpp>
#include <minibert/autograd/variable.hpp>
#include <minibert/core/arena.hpp>
#include <minibert/core/sink.hpp>
#include <minibert/simd/isa.hpp>
#include <minibert/tensor/tensor.hpp>

namespace minibert {

/// Whether a tape can run backward. One that doesn't record reuses its memory (see Tape::scoped).
enum class Recording { on, off };

/// What a backward step sees of the tape: the places where the gradients of its inputs go.
template <class T>
class Gradients {
 public:
  /// Where the gradient of x goes; an empty Sink if x needs none. The first caller replaces, later ones add: a step
  /// that may get one variable twice takes one slot, fills it, and only then takes the other.
  Sink<T> slot(Variable<T> x);

  Tape<T>& tape() const noexcept { return tape_; }

 private:
  friend class Tape<T>;
  explicit Gradients(Tape<T>& tape) : tape_(tape) {}
  Tape<T>& tape_;
};

/// Records ops and differentiates them. One tape serves many steps: reset() between them. Not for several threads at
/// once; each thread takes a tape of its own.
template <class T>
class Tape {
 public:
  /// @throws ValueError if the environment asks for an instruction set that this processor has not (simd::isa).
  explicit Tape(Recording recording = Recording::on) : recording_(recording) { simd::isa(); }
  Tape(const Tape&) = delete;
  Tape& operator=(const Tape&) = delete;

  /// Whether ops are recorded now: the tape records, and no no_grad lives.
  bool recording() const noexcept { return recording_ == Recording::on && !no_grad::active(); }

  /// Forgets everything recorded; all variables of this tape become invalid, its memory is kept for the next step.
  void reset() {
    ++step_;
    last_ = nullptr;
    leaves_.clear();
    release_gradients();
    arena_.reset();
    gradients_.reset();
  }

  // ---- values ----

  /// The parameter as a variable. The same variable for the same parameter until reset().
  Variable<T> parameter(Parameter<T>& p) {
    const bool differentiable = recording() && p.requires_grad;
    if (differentiable)
      if (detail::Node<T>* known = find_leaf(&p)) return wrap(known);
    if (p.data == nullptr) p.store->in_order();
    if (differentiable && p.grad == nullptr) p.store->flat_grads();
    detail::Node<T>* leaf = new_node("parameter", p.shape, p.data, differentiable);
    leaf->parameter = &p;
    if (differentiable) {
      link(leaf);
      leaves_.insert(std::lower_bound(leaves_.begin(), leaves_.end(), &p, before), {&p, leaf});
    }
    return wrap(leaf);
  }

  /// A copy of a tensor, without a gradient.
  Variable<T> constant(const Tensor<T>& tensor) {
    Variable<T> y = empty("constant", tensor.shape(), {});
    std::copy_n(tensor.data(), tensor.numel(), y.data());
    return y;
  }

  // ---- for ops ----

  /// An uninitialised value of the given shape, made by `op` (a literal) from `inputs`.
  /// @throws ValueError if an input belongs to another tape, or to an earlier step.
  Variable<T> empty(const char* op, const Shape& shape, std::initializer_list<Variable<T>> inputs) {
    bool differentiable = false;
    for (const Variable<T>& input : inputs) {
      core::check<ValueError>(input.tape_ == this, op, ": an input belongs to another tape");
      differentiable = differentiable || input.requires_grad();
    }
    return wrap(new_node(op, shape, scratch<T>(shape.numel()), differentiable && recording()));
  }

  /// Memory for `count` elements of U that lives as long as the variables do: what a backward step needs to keep.
  template <class U>
  U* scratch(index_t count) {
    static_assert(std::is_trivially_destructible_v<U>);
    return static_cast<U*>(arena_.allocate(core::usize(count) * sizeof(U)));
  }

  /// A copy of `values` that lives as long as the variables do.
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

  /// Records how the gradient of y goes on: f(dy, gradients), called by backward() with dy, of y's shape, unless y
  /// requires no gradient. Nobody reads dy afterwards: f may overwrite it. f is copied and never destroyed: it captures
  /// variables, pointers and numbers by value.
  template <class F>
  void record(Variable<T> y, F f) {
    static_assert(std::is_trivially_destructible_v<F> && std::is_trivially_copyable_v<F>,
                  "a backward step captures variables, pointers and numbers by value");
    detail::Node<T>& node = y.node();
    if (!node.requires_grad) return;
    node.closure = new (arena_.allocate(sizeof(F))) F(f);
    node.backward = [](const void* closure, T* dy, Gradients<T>& g) { (*static_cast<const F*>(closure))(dy, g); };
    link(&node);
  }

  /// f(), a function that returns a Variable. On a tape that does not record, the result is copied to `to` (of the same
  /// shape, made before) and all memory that f took is given back: a model reuses its memory layer by layer.
  template <class F>
  Variable<T> scoped(Variable<T> to, F f) {
    if (recording()) return f();
    const Arena::Mark mark = arena_.mark();
    const Variable<T> result = f();
    core::check<ShapeError>(result.shape() == to.shape(), "scoped: the result has shape ", result.shape(),
                            ", expected ", to.shape());
    std::copy_n(result.data(), result.numel(), to.data());
    arena_.rewind(mark);
    return to;
  }

  // ---- backward ----

  /// Adds the gradient of `loss`, a scalar, to every parameter it depends on.
  /// @throws ShapeError if it has more than one element; ValueError if it was not recorded, or not by this tape.
  void backward(Variable<T> loss) {
    core::check<ValueError>(loss.tape_ == this, "backward: the loss belongs to another tape");
    core::check<ShapeError>(loss.numel() == 1, "backward: the loss has shape ", loss.shape(), ", expected one element");
    core::check<ValueError>(loss.requires_grad(), "backward: nothing that the loss depends on requires a gradient");
    Gradients<T> gradients(*this);
    const Sink<T> seed = gradients.slot(loss);
    *seed.data = seed.accumulate ? *seed.data + T{1} : T{1};
    for (detail::Node<T>* node = &loss.node(); node != nullptr; node = node->previous) {
      if (node->parameter != nullptr) {
        if (node->parameter->has_grad && on_gradient_final) on_gradient_final(*node->parameter);
      } else if (node->grad != nullptr) {
        node->backward(node->closure, node->grad, gradients);
        release_gradient(*node);
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
  using Leaf = std::pair<const Parameter<T>*, detail::Node<T>*>;

  static bool before(const Leaf& leaf, const Parameter<T>* p) { return std::less<>()(leaf.first, p); }

  Variable<T> wrap(detail::Node<T>* node) { return {this, node, step_}; }

  detail::Node<T>* new_node(const char* op, const Shape& shape, T* data, bool requires_grad) {
    return new (arena_.allocate(sizeof(detail::Node<T>)))
        detail::Node<T>{.op = op, .shape = shape, .data = data, .requires_grad = requires_grad};
  }

  detail::Node<T>* find_leaf(const Parameter<T>* p) const {
    const auto leaf = std::lower_bound(leaves_.begin(), leaves_.end(), p, before);
    return leaf != leaves_.end() && leaf->first == p ? leaf->second : nullptr;
  }

  void link(detail::Node<T>* node) {
    node->previous = last_;
    last_ = node;
  }

  void release_gradient(detail::Node<T>& node) {
    gradients_.release(node.grad, core::usize(node.shape.numel()) * sizeof(T));
    node.grad = nullptr;
  }

  /// What a backward pass that ended in an exception has left.
  void release_gradients() {
    if (gradients_.in_use() > 0) gradients_ = Pool();
  }

  Recording recording_;
  std::uint64_t step_ = 0;
  Arena arena_;
  Pool gradients_;
  Workspace workspace_;
  detail::Node<T>* last_ = nullptr;
  std::vector<Leaf> leaves_;  // by address of the parameter
};

template <class T>
detail::Node<T>& Variable<T>::node() const {
  core::check<ValueError>(tape_ != nullptr, "a variable was used before it was given a value");
  core::check<ValueError>(step_ == tape_->step_, "a variable was used after its tape was reset");
  return *node_;
}

template <class T>
Sink<T> Gradients<T>::slot(Variable<T> x) {
  detail::Node<T>& node = x.node();
  if (!node.requires_grad) return {};
  if (Parameter<T>* p = node.parameter) return {p->grad, std::exchange(p->has_grad, true)};
  core::check<ValueError>(node.backward != nullptr, "backward: ", node.op,
                          " made a value with empty() and did not record() it");
  if (node.grad != nullptr) return {node.grad, true};
  node.grad = static_cast<T*>(tape_.gradients_.allocate(core::usize(node.shape.numel()) * sizeof(T)));
  return {node.grad, false};
}

}  // namespace minibert
