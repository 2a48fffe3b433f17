// Tensors as text, as PyTorch prints them.
#pragma once

#include <iosfwd>
#include <string>

#include <minibert/tensor/tensor.hpp>

namespace minibert {

/// Returns the tensor as PyTorch prints it, with four digits behind the point:
/// "tensor([[1.0000, 2.0000],\n        [3.0000, 4.0000]])". Numbers that are too large or too small for one format get
/// an exponent. Of a tensor of more than 1000 elements, three at each edge of a dimension are shown. T is float,
/// double, bool, token_id or index_t.
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
