// Definitions of autograd/op.hpp.
#pragma once

#include <minibert/autograd/op.hpp>

namespace minibert {

template <class T>
Op<T>::Op(const char* name, Tape<T>& tape) : tape_(tape), open_{.name = name} {
  core::check<ValueError>(tape.open_op_ == nullptr, name, ": op ", tape.open_op_ == nullptr ? "" : tape.open_op_->name,
                          " is still open; call its record() before another op begins");
  tape.open_op_ = &open_;
}

template <class T>
Input<T> Op<T>::input(const Variable<T>& x) {
  check_open("input");
  Node& node = x.node();
  core::check<ValueError>(x.tape_ == &tape_, open_.name,
                          ": an input belongs to another tape; make all inputs on one tape");
  core::check<ValueError>(result_ == nullptr, open_.name,
                          ": input() was called after output(); list every input before output()");
  open_.inputs = new (tape_.template scratch<Edge>(1)) Edge{.node = &node, .next = open_.inputs};
  requires_grad_ = requires_grad_ || node.requires_grad;
  return Input<T>(open_.inputs);
}

template <class T>
T* Op<T>::output(const Shape& shape) {
  check_open("output");
  core::check<ValueError>(result_ == nullptr, open_.name, ": output() was called twice, expected once");
  T* data = tape_.template scratch<T>(shape.numel());
  result_ = tape_.new_node(open_.name, shape, data, requires_grad_ && tape_.recording());
  result_->inputs = open_.inputs;
  return data;
}

template <class T>
bool Op<T>::is_recorded() const {
  core::check<ValueError>(result_ != nullptr, open_.name,
                          ": is_recorded() was called before output(); call output() first");
  return result_->requires_grad;
}

template <class T>
void Op<T>::check_open(const char* function) const {
  core::check<ValueError>(tape_.open_op_ == &open_, open_.name, ": ", function,
                          "() was called after record() or after the tape's reset(); begin a new Op");
}

#ifdef MINIBERT_COMPILED
#define MINIBERT_INSTANTIATE(T) template class Op<T>;
MINIBERT_INSTANTIATE(float)
MINIBERT_INSTANTIATE(double)
#undef MINIBERT_INSTANTIATE
#endif

}  // namespace minibert
