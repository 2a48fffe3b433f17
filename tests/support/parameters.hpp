// Copies all parameters or all gradients of a store to and from one vector, in order.
#pragma once

#include <algorithm>
#include <vector>

#include <minibert/autograd/parameter.hpp>

namespace minibert::testing {

template <class T>
std::vector<T> values(ParameterStore<T>& store) {
  std::vector<T> all;
  for (const Parameter<T>* p : store.in_order()) all.insert(all.end(), p->values().begin(), p->values().end());
  return all;
}
template <class T>
void set_values(ParameterStore<T>& store, const std::vector<T>& all) {
  const T* next = all.data();
  for (Parameter<T>* p : store.in_order()) std::copy_n(next, p->numel(), p->data), next += p->numel();
}

template <class T>
std::vector<T> gradients(ParameterStore<T>& store) {
  std::vector<T> all;
  for (const Parameter<T>* p : store.in_order()) all.insert(all.end(), p->gradient().begin(), p->gradient().end());
  return all;
}
/// Copies `all` to the gradients, in the order of the parameters. Does not set has_grad.
template <class T>
void set_gradients(ParameterStore<T>& store, const std::vector<T>& all) {
  const T* next = all.data();
  for (Parameter<T>* p : store.in_order()) {
    store.allocate_gradient(*p);
    std::copy_n(next, p->numel(), p->grad);
    next += p->numel();
  }
}

}  // namespace minibert::testing
