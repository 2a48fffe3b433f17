// Tensors as text, as PyTorch prints them.
#pragma once

#include <iosfwd>
#include <string>

#include <minibert/tensor/tensor.hpp>

namespace minibert {

/// Returns the tensor as PyTorch prints it, with four digits after the decimal point:
/// "tensor([[1.0000, 2.0000],\n        [3.0000, 4.0000]])". All elements get an exponent if the largest magnitude is
/// above 1e8, the smallest below 1e-4, or the largest more than 1000 times the smallest (zeros and infinities do not
/// count). For a tensor of more than 1000 elements, only three elements at each edge of a dimension are shown. T is
/// float, double, bool, token_id or index_t.
template <class T>
std::string to_string(const Tensor<T>& x);

/// Writes to_string(x).
template <class Traits, class T>
std::basic_ostream<char, Traits>& operator<<(std::basic_ostream<char, Traits>& out, const Tensor<T>& x) {
  return out << to_string(x).c_str();
}

}  // namespace minibert

#ifndef MINIBERT_COMPILED
#include <minibert/tensor/impl/print.ipp>
#endif
