// The integer types of the library, and signed access to standard containers.
#pragma once

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <iterator>

namespace minibert {

/// Every size, count, row number and offset in the library.
using index_t = std::int64_t;

/// A vocabulary id, as in Hugging Face's `input_ids`.
using token_id = std::int32_t;

// Helpers stand in a namespace of their own, here and in error.hpp and names.hpp: templates as general as these, found
// by argument-dependent lookup or `using namespace minibert`, would make a user's own length(), at() or check()
// ambiguous.
namespace core {

/// A non-negative index_t as the unsigned type of the standard library.
constexpr std::size_t usize(index_t n) noexcept {
  assert(n >= 0);
  return static_cast<std::size_t>(n);
}

/// The number of elements of a container, signed.
template <class Container>
constexpr index_t length(const Container& c) noexcept {
  return static_cast<index_t>(std::size(c));
}

/// Element i of a contiguous container. Out of range is undefined (asserted in debug builds), as for operator[].
template <class Container>
constexpr decltype(auto) at(Container&& c, index_t i) noexcept {
  assert(i >= 0 && i < length(c));
  return (std::data(c)[i]);
}

/// Returns n / d rounded up, for n >= 0 and d > 0. Never overflows.
constexpr index_t ceil_div(index_t n, index_t d) noexcept {
  assert(n >= 0 && d > 0);
  return n / d + (n % d != 0 ? 1 : 0);
}

/// Returns the smallest multiple of `multiple` that is at least n, for n >= 0 and multiple > 0.
constexpr index_t round_up(index_t n, index_t multiple) noexcept { return ceil_div(n, multiple) * multiple; }

}  // namespace core

}  // namespace minibert
