// Definitions of autograd/variable.hpp.
#pragma once

#include <minibert/autograd/tape.hpp>
#include <minibert/autograd/variable.hpp>
#include <minibert/core/error.hpp>

namespace minibert {

template <class T>
autograd::detail::Node<T>& Variable<T>::node() const {
  core::check<ValueError>(tape_ != nullptr, "a variable was used before it was given a value");
  core::check<ValueError>(
      step_ == tape_->step_,
      "a variable was used after its tape was reset; compute it again, or copy its value before reset()");
  return *node_;
}

template <class T>
const T* Variable<T>::data() const {
  const Node& it = node();
  if (tape_->open_op_ != nullptr && it.requires_grad)
    core::check<ValueError>(tape_->open_op_lists(it), tape_->open_op_->name, ": reads a variable of shape ", it.shape,
                            " that requires a gradient and is not listed; list it with Op::input()");
  return it.data;
}

template <class T>
Tensor<T> Variable<T>::tensor() const {
  return {shape(), data()};
}

template <class T>
T Variable<T>::item() const {
  core::check<ShapeError>(numel() == 1, "item: needs one element, the variable has shape ", shape());
  return *data();
}

template <class T>
void Variable<T>::retain_grad() const {
  core::check<ValueError>(requires_grad(),
                          "retain_grad: the variable requires no gradient; compute it from a parameter or "
                          "Tape::variable(), outside of no_grad");
  node().retains_grad = true;
}

template <class T>
Tensor<T> Variable<T>::grad() const {
  const Parameter<T>* p = node().parameter;
  const T* grad = p == nullptr ? node().grad : p->has_grad ? p->grad : nullptr;
  const char* const backward = "call backward() on a loss that depends on it";
  if (p != nullptr)
    core::check<ValueError>(grad != nullptr, "grad: the parameter ", p->name, " has no gradient; ",
                            p->requires_grad ? backward : "set its requires_grad to true");
  core::check<ValueError>(
      grad != nullptr || requires_grad(),
      "grad: the variable requires no gradient; compute it from a parameter or Tape::variable(), outside of no_grad");
  core::check<ValueError>(grad != nullptr, "grad: the variable has no gradient; ",
                          node().retains_grad ? backward : "call retain_grad() on it before backward()");
  return {shape(), grad};
}

template <class T>
std::string to_string(const Variable<T>& x) {
  return to_string(x.tensor());
}

#ifdef MINIBERT_COMPILED
#define MINIBERT_INSTANTIATE(T) \
  template class Variable<T>;   \
  template std::string to_string(const Variable<T>& x);
MINIBERT_INSTANTIATE(float)
MINIBERT_INSTANTIATE(double)
#undef MINIBERT_INSTANTIATE
#endif

}  // namespace minibert
