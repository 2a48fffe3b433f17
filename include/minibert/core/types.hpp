// The integer types of the library, and helpers for them.
#pragma once

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <iterator>

#include <minibert/core/config.hpp>

namespace minibert {

/// The type of every size, count, index and offset in the library.
using index_t = std::int64_t;

/// A vocabulary id, as in Hugging Face's `input_ids`.
using token_id = std::int32_t;

// General functions such as length(), at() and check() are in minibert::core. In minibert itself, they would make a
// user's own functions of these names ambiguous.
namespace core {

/// Converts n >= 0 to the unsigned type of the standard library.
constexpr std::size_t usize(index_t n) noexcept {
  assert(n >= 0);
  return static_cast<std::size_t>(n);
}

/// Returns n / d rounded up; 0 for n <= 0. d > 0.
constexpr index_t ceil_div(index_t n, index_t d) noexcept { return n <= 0 ? 0 : (n - 1) / d + 1; }

/// Returns the smallest multiple of `multiple` that is at least n; 0 for n <= 0. multiple > 0.
constexpr index_t round_up(index_t n, index_t multiple) noexcept { return ceil_div(n, multiple) * multiple; }

/// Returns the number of elements of a container, signed.
template <class Container>
constexpr index_t length(const Container& c) noexcept {
  return static_cast<index_t>(std::size(c));
}

/// Returns element i of a contiguous container. As for operator[], i must be in range; debug builds assert it.
template <class Container>
constexpr decltype(auto) at(Container&& c, index_t i) noexcept {
  assert(i >= 0 && i < length(c));
  return (std::data(c)[i]);
}

}  // namespace core

}  // namespace minibert
