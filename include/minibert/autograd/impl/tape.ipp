// Definitions of autograd/tape.hpp.
#pragma once

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include <minibert/autograd/tape.hpp>
#include <minibert/core/error.hpp>
#include <minibert/simd/isa.hpp>

namespace minibert {

template <class T>
Tape<T>::Tape() {
  simd::isa();
}

template <class T>
void Tape<T>::reset() {
  ++step_;
  last_ = nullptr;
  open_op_ = nullptr;
  leaves_.clear();
  gradients_.release_all();  // retained gradients, and gradients of a backward pass that threw
  arena_.reset();
  gradients_.reset();
  workspace_.reset();
}

template <class T>
Variable<T> Tape<T>::parameter(Parameter<T>& p) {
  const bool differentiable = recording() && p.requires_grad;
  if (differentiable)
    if (Node* known = find_leaf(&p)) return wrap(known);
  Node* leaf = new_node("parameter", p.shape, p.data, differentiable);
  leaf->parameter = &p;
  if (differentiable) {
    link(leaf);
    leaves_.insert(std::lower_bound(leaves_.begin(), leaves_.end(), &p, before), {&p, leaf});
  }
  return wrap(leaf);
}

template <class T>
Variable<T> Tape<T>::constant(const Tensor<T>& tensor) {
  return wrap(copy_of(tensor, "constant", false));
}

template <class T>
Variable<T> Tape<T>::variable(const Tensor<T>& tensor) {
  Node* node = copy_of(tensor, "variable", recording());
  node->retains_grad = true;
  return wrap(node);
}

template <class T>
Variable<T> Tape<T>::buffer(const Shape& shape) {
  return wrap(new_node("buffer", shape, scratch<T>(shape.numel()), false));
}

template <class T>
void Tape<T>::backward(const Variable<T>& loss) {
  core::check<ValueError>(loss.tape_ == this,
                          "backward: the loss belongs to another tape; call backward() on the tape that computed it");
  core::check<ShapeError>(loss.numel() == 1, "backward: the loss has shape ", loss.shape(), ", expected one element");
  core::check<ValueError>(
      loss.requires_grad(),
      "backward: the loss requires no gradient; compute it from a parameter or Tape::variable(), outside of no_grad");
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

template <class T>
autograd::detail::Node<T>* Tape<T>::new_node(const char* op, const Shape& shape, T* data, bool requires_grad) {
  return new (arena_.allocate(sizeof(Node)))
      Node{.op = op, .shape = shape, .data = data, .requires_grad = requires_grad};
}

template <class T>
autograd::detail::Node<T>* Tape<T>::copy_of(const Tensor<T>& tensor, const char* name, bool requires_grad) {
  Node* node = new_node(name, tensor.shape(), scratch<T>(tensor.numel()), requires_grad);
  std::copy_n(tensor.data(), tensor.numel(), node->data);
  return node;
}

template <class T>
autograd::detail::Node<T>* Tape<T>::find_leaf(const Parameter<T>* p) const {
  const auto leaf = std::lower_bound(leaves_.begin(), leaves_.end(), p, before);
  return leaf != leaves_.end() && leaf->first == p ? leaf->second : nullptr;
}

template <class T>
bool Tape<T>::open_op_lists(const Node& node) const noexcept {
  for (const Edge* edge = open_op_->inputs; edge != nullptr; edge = edge->next)
    if (edge->node == &node) return true;
  return false;
}

template <class T>
void Tape<T>::run_backward(Node& node, Gradients<T>& gradients) {
  node.ran_backward = true;
  T* dy = node.retains_grad ? copy_of_gradient(node) : node.grad;  // the step may overwrite dy
  node.backward(node.closure, dy, gradients);
  for (const Edge* edge = node.inputs; edge != nullptr; edge = edge->next)
    core::check<Error>(edge->has_slot || !edge->node->requires_grad, "backward: the step of ", node.op,
                       " gave no gradient to an input of shape ", edge->node->shape,
                       "; it must call slot() or none() for each input");
  if (detect_anomaly) check_gradients(node);
  release_gradient(dy, node.shape);
  if (!node.retains_grad) node.grad = nullptr;
}

namespace autograd::detail {

/// Returns the first NaN or infinite value for which `is_sought` is true, with its place: "nan at element 3 of shape
/// (2, 4)". Returns an empty string if there is none.
template <class T, class Predicate>
std::string find_value(const T* data, const Shape& shape, Predicate is_sought) {
  const T* const end = data + shape.numel();
  const T* const found = std::find_if(data, end, is_sought);
  return found == end ? ""
                      : core::concat(std::isnan(*found) ? "nan"
                                     : *found > 0       ? "inf"
                                                        : "-inf",
                                     " at element ", found - data, " of shape ", shape);
}

}  // namespace autograd::detail

template <class T>
std::string Tape<T>::find_anomaly() const {
  const auto is_nan = [](T x) { return std::isnan(x); };
  const auto is_infinite = [](T x) { return std::isinf(x); };
  std::string nan, infinity;
  const auto look = [&](const Node& node) {
    const std::string op = node.parameter != nullptr ? "parameter " + node.parameter->name : std::string(node.op);
    if (std::string at = autograd::detail::find_value(node.data, node.shape, is_nan); !at.empty())
      nan = core::concat(op, " has ", at);
    if (std::string at = autograd::detail::find_value(node.data, node.shape, is_infinite); !at.empty())
      infinity = core::concat(op, " has ", at);
  };
  for (const Node* node = last_; node != nullptr; node = node->previous) {
    look(*node);
    for (const Edge* edge = node->inputs; edge != nullptr; edge = edge->next)
      if (!edge->node->requires_grad) look(*edge->node);  // not in the list of recorded nodes
  }
  if (nan.empty() || infinity.empty()) return nan.empty() ? infinity : nan;
  return core::concat(nan, "; ", infinity);
}

template <class T>
void Tape<T>::check_gradients(const Node& node) const {
  for (const Edge* edge = node.inputs; edge != nullptr; edge = edge->next) {
    const Node& input = *edge->node;
    const Parameter<T>* p = input.parameter;
    const T* grad = p == nullptr ? input.grad : p->has_grad ? p->grad : nullptr;
    if (grad == nullptr) continue;
    const std::string at = autograd::detail::find_value(grad, input.shape, [](T x) { return !std::isfinite(x); });
    core::check<Error>(at.empty(), "backward of ", node.op, ": the gradient of ",
                       p == nullptr ? core::concat("the result of ", input.op) : core::concat("parameter ", p->name),
                       " has ", at);
  }
}

template <class T>
Sink<T> Tape<T>::gradient_slot(Node& node) {
  if (!node.requires_grad) return {};
  if (Parameter<T>* p = node.parameter) {
    p->store->allocate_gradient(*p);
    return {p->grad, std::exchange(p->has_grad, true)};
  }
  core::check<ValueError>(
      !node.ran_backward, "backward: ", node.op,
      " was differentiated before; add the losses and call backward() once, or record the op again");
  if (node.grad != nullptr) return {node.grad, true};
  node.grad = allocate_gradient(node.shape);
  return {node.grad, false};
}

template <class T>
T* Tape<T>::copy_of_gradient(const Node& node) {
  return std::copy_n(node.grad, node.shape.numel(), allocate_gradient(node.shape)) - node.shape.numel();
}

#ifdef MINIBERT_COMPILED
#define MINIBERT_INSTANTIATE(T) template class Tape<T>;
MINIBERT_INSTANTIATE(float)
MINIBERT_INSTANTIATE(double)
#undef MINIBERT_INSTANTIATE
#endif

}  // namespace minibert
