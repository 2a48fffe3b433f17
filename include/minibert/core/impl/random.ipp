// Definitions of core/random.hpp.
#pragma once

#include <array>
#include <cmath>
#include <cstdint>
#include <numbers>

#include <minibert/core/config.hpp>
#include <minibert/core/random.hpp>
#include <minibert/core/types.hpp>

namespace minibert::random {

namespace detail {

/// Returns the upper 64 bits of the 128-bit product a·b. Portable: 32-bit machines have no 128-bit integers.
inline std::uint64_t multiply_high(std::uint64_t a, std::uint64_t b) noexcept {
  constexpr std::uint64_t kLow = 0xFFFFFFFF;
  const std::uint64_t middle = (a >> 32) * (b & kLow) + ((a & kLow) * (b & kLow) >> 32);
  const std::uint64_t rest = (a & kLow) * (b >> 32) + (middle & kLow);
  return (a >> 32) * (b >> 32) + (middle >> 32) + (rest >> 32);
}

}  // namespace detail

MINIBERT_INLINE index_t Key::below(index_t n, std::uint32_t c0, std::uint32_t c1) const noexcept {
  return static_cast<index_t>(detail::multiply_high(bits(c0, c1), static_cast<std::uint64_t>(n)));
}

MINIBERT_INLINE std::array<double, 2> Key::normal_pair(std::uint32_t c0, std::uint32_t c1) const noexcept {
  const std::uint64_t b = bits(c0, c1);
  const double u = (static_cast<double>(b >> 32) + 0.5) * 0x1p-32;  // in (0, 1): the logarithm stays finite
  const double v = static_cast<double>(b & 0xFFFFFFFFu) * 0x1p-32;
  const double radius = std::sqrt(-2.0 * std::log(u)), angle = 2.0 * std::numbers::pi * v;
  return {radius * std::cos(angle), radius * std::sin(angle)};
}

}  // namespace minibert::random
