// Variable: a handle to a value on a tape.
#pragma once

#include <cstdint>

#include <minibert/autograd/parameter.hpp>
#include <minibert/core/error.hpp>
#include <minibert/tensor/shape.hpp>
#include <minibert/tensor/views.hpp>

namespace minibert {

template <class T>
class Tape;
template <class T>
class Gradients;

namespace detail {

/// A value on a tape and, while it records, how its gradient goes on. Lives in the tape's arena.
template <class T>
struct Node {
  const char* op;  // the op that made it
  Shape shape;
  T* data;
  T* grad = nullptr;  // from its first consumer's backward until its own has run
  bool requires_grad = false;
  Parameter<T>* parameter = nullptr;  // set for a parameter
  void (*backward)(const void* closure, T* dy, Gradients<T>&) = nullptr;
  const void* closure = nullptr;
  Node* previous = nullptr;  // the recorded node before this one
};

}  // namespace detail

/// A value on a tape: shape, numbers, and whether gradients flow to it. Trivially copyable; valid until the tape's
/// next reset(), and using it afterwards throws.
template <class T>
class Variable {
 public:
  Variable() = default;

  const Shape& shape() const { return node().shape; }
  index_t size(int d) const { return shape().size(d); }
  int dim() const { return shape().dim(); }
  index_t numel() const { return shape().numel(); }
  bool requires_grad() const { return node().requires_grad; }
  Tape<T>& tape() const { return node(), *tape_; }

  T* data() { return node().data; }
  const T* data() const { return node().data; }

  /// All but the last dimension as rows, the last as columns; no copy.
  ConstMatrixMap<T> value() const {
    const index_t columns = dim() == 0 ? 1 : size(-1);
    return {data(), columns == 0 ? 0 : numel() / columns, columns};
  }
  /// The value of a variable of one element. @throws ShapeError if it has another number of them.
  T item() const {
    core::check<ShapeError>(numel() == 1, "item: needs one element, the variable has shape ", shape());
    return *data();
  }

 private:
  friend class Tape<T>;
  friend class Gradients<T>;
  Variable(Tape<T>* tape, detail::Node<T>* node, std::uint64_t step) : tape_(tape), node_(node), step_(step) {}
  detail::Node<T>& node() const;

  Tape<T>* tape_ = nullptr;
  detail::Node<T>* node_ = nullptr;
  std::uint64_t step_ = 0;  // the tape's step at which it was made
};

}  // namespace minibert
