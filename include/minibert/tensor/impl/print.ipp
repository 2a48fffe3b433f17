// Definitions of tensor/print.hpp.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <limits>
#include <string>
#include <type_traits>

#include <minibert/core/types.hpp>
#include <minibert/tensor/print.hpp>
#include <minibert/tensor/tensor.hpp>

namespace minibert {

namespace tensor::detail {

/// Formats one tensor as text. All elements get the same format and width, chosen by the elements that are shown.
template <class T>
class Printer {
 public:
  explicit Printer(const Tensor<T>& x) : x_(x), summarised_(x.numel() > kMostElements) {}

  std::string text() {
    if (x_.numel() == 0) return x_.dim() == 1 ? "tensor([])" : "tensor([], size=" + to_string(x_.shape()) + ")";
    choose_format();
    return "tensor(" + part(0, 0, x_.numel()) + ")";
  }

 private:
  static constexpr index_t kMostElements = 1000, kEdge = 3, kLineWidth = 80;
  static constexpr int kPrefix = 7;  // length of "tensor("

  bool cuts(int d) const { return summarised_ && x_.size(d) > 2 * kEdge; }

  /// Calls f(i) for each index i of dimension d that is printed, and gap() where indices are left out.
  template <class F, class Gap>
  void for_shown(int d, F f, Gap gap) const {
    const index_t n = x_.size(d), edge = cuts(d) ? kEdge : n;
    for (index_t i = 0; i < edge; ++i) f(i);
    if (edge == n) return;
    gap();
    for (index_t i = n - edge; i < n; ++i) f(i);
  }

  /// Calls f(element) for each of the elements [begin, begin + count) that is printed. These form a block over
  /// dimensions d, d + 1, …
  template <class F>
  void for_elements(int d, index_t begin, index_t count, F f) const {
    if (d == x_.dim()) return f(x_.data()[begin]);
    const index_t inner = count / x_.size(d);
    for_shown(
        d, [&](index_t i) { for_elements(d + 1, begin + i * inner, inner, f); }, [] {});
  }

  void choose_format() {
    if constexpr (std::is_floating_point_v<T>) {
      T least = std::numeric_limits<T>::max(), most = 0;  // magnitudes of the finite, nonzero elements
      for_elements(0, 0, x_.numel(), [&](T v) {
        if (!std::isfinite(v) || v == 0) return;
        least = std::min(least, std::abs(v));
        most = std::max(most, std::abs(v));
      });
      scientific_ = most > 0 && (most / least > 1000 || most > static_cast<T>(1e8) || least < static_cast<T>(1e-4));
    }
    for_elements(0, 0, x_.numel(), [&](T v) { width_ = std::max(width_, core::length(element(v))); });
  }

  std::string element(T v) const {
    if constexpr (std::is_same_v<T, bool>) {
      return v ? "True" : "False";
    } else if constexpr (std::is_floating_point_v<T>) {
      if (std::isnan(v)) return "nan";
      char text[32];  // large enough, because "%.4f" prints only numbers up to 1e8
      std::snprintf(text, sizeof text, scientific_ ? "%.4e" : "%.4f", static_cast<double>(v));
      return text;
    } else {
      return std::to_string(v);
    }
  }

  std::string padded(T v) const {
    const std::string text = element(v);
    return std::string(core::usize(width_ - core::length(text)), ' ') + text;
  }

  /// Returns the text of the elements [begin, begin + count). These form a block over dimensions d, d + 1, …
  std::string part(int d, index_t begin, index_t count) const {
    if (d == x_.dim()) return padded(x_.data()[begin]);
    const bool is_row = d + 1 == x_.dim();
    const index_t inner = count / x_.size(d), indent = kPrefix + d + 1;
    const index_t in_a_line = is_row ? std::max<index_t>(1, (kLineWidth - indent + 1) / (width_ + 2)) : 1;
    std::string text = "[";
    index_t shown = 0;
    const auto separate = [&] {
      if (shown == 0) return;
      text += ',';
      if (shown % in_a_line != 0) {
        text += ' ';
      } else {
        text.append(is_row ? 1 : core::usize(x_.dim() - 1 - d), '\n').append(core::usize(indent), ' ');
      }
    };
    for_shown(
        d,
        [&](index_t i) {
          separate();
          text += part(d + 1, begin + i * inner, inner);
          ++shown;
        },
        [&] {
          separate();
          text += is_row ? " ..." : "...";
          ++shown;
        });
    return text + "]";
  }

  const Tensor<T>& x_;
  bool summarised_, scientific_ = false;
  index_t width_ = 0;
};

}  // namespace tensor::detail

template <class T>
std::string to_string(const Tensor<T>& x) {
  return tensor::detail::Printer<T>(x).text();
}

#ifdef MINIBERT_COMPILED
template std::string to_string(const Tensor<float>&);
template std::string to_string(const Tensor<double>&);
template std::string to_string(const Tensor<bool>&);
template std::string to_string(const Tensor<token_id>&);
template std::string to_string(const Tensor<index_t>&);
#endif

}  // namespace minibert
