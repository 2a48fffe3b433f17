// Variable: a handle to a value on a tape.
#pragma once

#include <cstdint>
#include <iosfwd>
#include <string>

#include <minibert/autograd/parameter.hpp>
#include <minibert/core/error.hpp>
#include <minibert/tensor/print.hpp>
#include <minibert/tensor/shape.hpp>
#include <minibert/tensor/tensor.hpp>
#include <minibert/tensor/views.hpp>

namespace minibert {

template <class T>
class Tape;
template <class T>
class Op;
template <class T>
class Gradients;

namespace autograd::detail {

template <class T>
struct Node;

/// An input that an op has listed.
template <class T>
struct Edge {
  Node<T>* node = nullptr;
  Edge* next = nullptr;   // the input listed before this one
  bool has_slot = false;  // true if the backward step called slot() or none()
};

/// A value on a tape. If the tape recorded the op that computed the value, also holds the backward step of that op.
/// Lives in the tape's arena.
template <class T>
struct Node {
  const char* op;  // name of the op that computed the value
  Shape shape;
  T* data;
  T* grad = nullptr;  // allocated when the first consumer runs backward; released after this node runs backward
  bool requires_grad = false;
  bool retains_grad = false;  // keeps grad until the tape's reset()
  bool ran_backward = false;
  Parameter<T>* parameter = nullptr;  // null unless the value is a parameter
  Edge<T>* inputs = nullptr;          // the listed inputs, last listed first
  void (*backward)(const void* closure, T* dy, Gradients<T>&) = nullptr;
  const void* closure = nullptr;
  Node* previous = nullptr;  // the node recorded before this one
};

/// The op under construction on a tape, and the inputs that it has listed.
template <class T>
struct OpenOp {
  const char* name;
  Edge<T>* inputs = nullptr;  // last listed first
};

}  // namespace autograd::detail

/// A handle to a value on a tape. Cheap to copy. Valid until the tape's next reset(); using it afterwards throws
/// ValueError.
template <class T>
class Variable {
 public:
  Variable() = default;
  // Not trivial on purpose: a backward step must be trivially copyable, so it cannot capture a Variable. It reaches
  // values and gradients only through the op's listed inputs (see Op).
  Variable(const Variable& other) noexcept : tape_(other.tape_), node_(other.node_), step_(other.step_) {}
  Variable& operator=(const Variable& other) noexcept = default;

  const Shape& shape() const { return node().shape; }
  index_t size(int d) const { return shape().size(d); }
  int dim() const { return shape().dim(); }
  index_t numel() const { return shape().numel(); }
  bool requires_grad() const { return node().requires_grad; }
  Tape<T>& tape() const { return node(), *tape_; }

  /// Returns the value's elements, in row-major order.
  /// @throws ValueError if the variable requires a gradient and an op is open that does not list the variable (see Op)
  const T* data() const;
  /// Returns a view of the value as a matrix: the last dimension as columns, all others as rows. Needs Eigen/Core
  /// to be included.
  /// @throws as data()
  ConstMatrixMap<T> value() const { return ConstMatrixMap<T>(data(), shape().rows(), shape().columns()); }
  /// Returns a copy of the value. @throws as data()
  Tensor<T> tensor() const;
  /// Returns the only element.
  /// @throws ShapeError unless there is exactly one element; ValueError as data()
  T item() const;

  /// Keeps the gradient after backward(), until the tape is reset. A variable from Tape::variable() always keeps its
  /// gradient.
  /// @throws ValueError if the variable requires no gradient
  void retain_grad() const;
  /// Returns a copy of the gradient.
  /// @throws ValueError if there is none: backward() did not reach the variable, or the variable does not retain it
  Tensor<T> grad() const;

 private:
  friend class Tape<T>;
  friend class Op<T>;
  using Node = autograd::detail::Node<T>;
  Variable(Tape<T>* tape, Node* node, std::uint64_t step) : tape_(tape), node_(node), step_(step) {}
  Node& node() const;

  Tape<T>* tape_ = nullptr;
  Node* node_ = nullptr;
  std::uint64_t step_ = 0;  // how often the tape had been reset when the variable was made
};

/// Returns the value as text, as to_string(const Tensor<T>&) does. @throws as Variable::data()
template <class T>
std::string to_string(const Variable<T>& x);

/// Writes to_string(x).
template <class Traits, class T>
std::basic_ostream<char, Traits>& operator<<(std::basic_ostream<char, Traits>& out, const Variable<T>& x) {
  return out << to_string(x).c_str();
}

}  // namespace minibert

#ifndef MINIBERT_COMPILED
#include <minibert/autograd/impl/variable.ipp>
#endif
