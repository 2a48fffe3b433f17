// Checks gradients by central differences. Meant for tests, so minibert.hpp does not include this file.
#pragma once

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include <minibert/autograd/tape.hpp>

namespace minibert {

/// Compares gradients a, computed by backward(), with central differences b. Checks all parameters of the store that
/// require a gradient. `loss` is a function from a Tape<double>& to a scalar Variable<double>.
///
/// The error of a tensor is max|a − b| / max|b|. Some tensors have gradients that are 0 except for rounding errors,
/// such as the bias of the keys in attention. So if max|b| is at most 10⁻⁶ of the largest |b| of all tensors, the error
/// is max|a − b| divided by that largest |b|. Returns the largest error of all tensors. Returns NaN if any number is
/// NaN, so that `gradcheck(...) < 1e-6` fails. To compute b, changes a value x by ±step·max(1, |x|) and then restores
/// it. Leaves the gradients a in the store.
template <class Loss>
double gradcheck(ParameterStore<double>& store, Loss loss, double step = 1e-5) {
  Tape<double> tape;
  for (Parameter<double>* p : store.in_order()) p->has_grad = false;
  tape.backward(loss(tape));

  const auto value = [&] {
    const no_grad guard;
    tape.reset();
    return static_cast<double>(loss(tape).item());
  };
  std::vector<double> errors, scales;  // max|a − b| and max|b| of each tensor
  const auto worst = [](double a, double b) { return std::isnan(a) || a > b ? a : b; };  // a NaN stays the result
  for (Parameter<double>* p : store.in_order()) {
    if (!p->requires_grad) continue;
    double error = 0, scale = 0;
    for (index_t i = 0; i < p->numel(); ++i) {
      const double x = p->data[i], h = step * std::max(1.0, std::abs(x));
      p->data[i] = x + h;
      const double above = value();
      p->data[i] = x - h;
      const double difference = (above - value()) / ((x + h) - (x - h));
      p->data[i] = x;
      error = worst(std::abs((p->has_grad ? p->grad[i] : 0.0) - difference), error);
      scale = worst(std::abs(difference), scale);
    }
    errors.push_back(error);
    scales.push_back(scale);
  }

  const double largest = scales.empty() ? 0 : *std::max_element(scales.begin(), scales.end());
  double result = 0;
  for (index_t i = 0; i < core::length(errors); ++i) {
    const double scale = core::at(scales, i) > 1e-6 * largest ? core::at(scales, i) : largest;
    if (core::at(errors, i) != 0)
      result = worst(core::at(errors, i) / scale, result);  // an error / 0 is infinite, so the check fails
  }
  return result;
}

/// Checks the gradients of `loss` at the given inputs, as torch.autograd.gradcheck. `loss` is a function from a
/// std::vector<Variable<double>> to a scalar Variable<double>. Returns the largest error, as the other gradcheck().
template <class Loss>
double gradcheck(const std::vector<Tensor<double>>& inputs, Loss loss, double step = 1e-5) {
  ParameterStore<double> store;
  std::vector<Parameter<double>*> parameters;
  for (const Tensor<double>& input : inputs) {
    Parameter<double>& p = store.declare("input" + std::to_string(parameters.size()), input.shape());
    std::copy_n(input.data(), input.numel(), p.data);
    parameters.push_back(&p);
  }
  return gradcheck(
      store,
      [&](Tape<double>& tape) {
        std::vector<Variable<double>> variables;
        for (Parameter<double>* p : parameters) variables.push_back(tape.parameter(*p));
        return loss(variables);
      },
      step);
}

}  // namespace minibert
