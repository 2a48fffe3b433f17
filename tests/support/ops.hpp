// Helpers for the tests of ops: inputs of given shapes as parameters, and a scalar that depends on every output.
#pragma once

#include <initializer_list>
#include <string>
#include <vector>

#include <minibert/autograd/gradcheck.hpp>
#include <minibert/ops/arithmetic.hpp>
#include <minibert/ops/sum.hpp>

#include "support/reference.hpp"

namespace minibert::testing {

/// Inputs of an op, as parameters of one store. Each is standard normal, from its own random stream.
template <class T>
class Inputs {
 public:
  Inputs(std::initializer_list<Shape> shapes) {
    for (const Shape& shape : shapes)
      parameters_.push_back(&store.declare(std::string(1, static_cast<char>('a' + size())), shape));
    for (index_t i = 0; i < size(); ++i) {
      const auto values = reference::normal<T>(numel(i), 100 + static_cast<int>(i));
      std::copy(values.begin(), values.end(), core::at(parameters_, i)->data);
    }
  }

  index_t size() const { return core::length(parameters_); }
  Parameter<T>& operator[](index_t i) { return *core::at(parameters_, i); }
  std::vector<T> values(index_t i) const {
    return {core::at(parameters_, i)->data, core::at(parameters_, i)->data + numel(i)};
  }
  std::vector<T> grad(index_t i) const {
    return {core::at(parameters_, i)->grad, core::at(parameters_, i)->grad + numel(i)};
  }
  void zero_grad() {
    for (Parameter<T>* p : parameters_) p->has_grad = false;
  }
  std::vector<Variable<T>> on(Tape<T>& tape) {
    std::vector<Variable<T>> variables;
    for (Parameter<T>* p : parameters_) variables.push_back(tape.parameter(*p));
    return variables;
  }

  ParameterStore<T> store;

 private:
  index_t numel(index_t i) const { return core::at(parameters_, i)->numel(); }
  std::vector<Parameter<T>*> parameters_;
};

/// Returns the elements of a variable.
template <class T>
std::vector<T> values(Variable<T> x) {
  const Tensor<T> tensor = x.tensor();
  return {tensor.data(), tensor.data() + tensor.numel()};
}

/// Returns Σ y·w with fixed random w, so that every element of y has a different gradient.
template <class T>
Variable<T> weighted_sum(Variable<T> y) {
  const auto weights = reference::normal<T>(y.numel(), 7);
  return functional::sum(functional::mul(y, y.tape().constant(Tensor<T>(y.shape(), weights.data()))));
}

/// Runs gradcheck on f(inputs); f maps a std::vector<Variable<double>> to a Variable<double> of any shape.
template <class F>
double gradcheck_op(Inputs<double>& inputs, F f) {
  return gradcheck(inputs.store, [&](Tape<double>& tape) { return weighted_sum<double>(f(inputs.on(tape))); });
}
template <class F>
double gradcheck_op(std::initializer_list<Shape> shapes, F f) {
  Inputs<double> inputs(shapes);
  return gradcheck_op(inputs, f);
}

/// The type of the inputs that gradcheck_op passes to f.
using Doubles = const std::vector<Variable<double>>&;

}  // namespace minibert::testing
