// Random numbers without a generator: a pure function of a key and a counter (Threefry-2x32, 20 rounds; Salmon et al.,
// "Parallel random numbers: as easy as 1, 2, 3", SC 2011). There is no state to save, and the numbers are the same for
// any number of threads, micro-batches and processes.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include <minibert/core/fnv1a.hpp>
#include <minibert/core/types.hpp>

namespace minibert::random {

namespace detail {

inline constexpr int kRotations[2][4] = {{13, 15, 26, 6}, {17, 29, 16, 24}};

}  // namespace detail

/// Replaces the counter (x0, x1) by 64 random bits: Threefry-2x32 with 20 rounds under the key (k0, k1). Word is
/// std::uint32_t, or a vector of 32-bit lanes that has +, ^, |, << and >>: kernels draw a vector of numbers at once.
template <class Word>
[[gnu::always_inline]] inline void threefry2x32(std::uint32_t k0, std::uint32_t k1, Word& x0, Word& x1) {
  const std::uint32_t keys[3] = {k0, k1, 0x1BD11BDAu ^ k0 ^ k1};
  x0 = x0 + k0;
  x1 = x1 + k1;
#pragma GCC unroll 5
  for (std::uint32_t group = 0; group < 5; ++group) {
#pragma GCC unroll 4
    for (int round = 0; round < 4; ++round) {
      const int bits = detail::kRotations[group % 2][round];
      x0 = x0 + x1;
      x1 = ((x1 << bits) | (x1 >> (32 - bits))) ^ x0;
    }
    x0 = x0 + keys[(group + 1) % 3];
    x1 = x1 + (keys[(group + 2) % 3] + group + 1);
  }
}

/// Identifies a stream of random numbers. Construct a key from a seed, then fold() in the values that distinguish the
/// streams: the site (see site() below), the step, the row and so on.
struct Key {
  std::uint32_t k0 = 0, k1 = 0;

  constexpr Key() = default;
  constexpr explicit Key(std::uint64_t seed)
      : k0(static_cast<std::uint32_t>(seed)), k1(static_cast<std::uint32_t>(seed >> 32)) {}

  /// Returns the 64 random bits at counter (c0, c1).
  std::uint64_t bits(std::uint32_t c0, std::uint32_t c1 = 0) const noexcept {
    threefry2x32(k0, k1, c0, c1);
    return (static_cast<std::uint64_t>(c1) << 32) | c0;
  }

  /// Returns the key of another stream, a different one for each `value`.
  Key fold(std::uint64_t value) const noexcept {
    return Key(bits(static_cast<std::uint32_t>(value), static_cast<std::uint32_t>(value >> 32)));
  }
  Key fold(index_t value) const noexcept { return fold(static_cast<std::uint64_t>(value)); }
  Key fold(int value) const noexcept { return fold(static_cast<index_t>(value)); }

  /// Returns a number uniform in [0, 1), with 53 random bits, at counter (c0, c1).
  double uniform(std::uint32_t c0, std::uint32_t c1 = 0) const noexcept {
    return static_cast<double>(bits(c0, c1) >> 11) * 0x1p-53;
  }

  /// Returns a number uniform in {0, …, n − 1}, n > 0, at counter (c0, c1). The bias is at most n / 2^64.
  index_t below(index_t n, std::uint32_t c0, std::uint32_t c1 = 0) const noexcept;

  /// Returns two independent standard normal numbers at counter (c0, c1) (Box and Muller, 1958).
  std::array<double, 2> normal_pair(std::uint32_t c0, std::uint32_t c1 = 0) const noexcept;
  /// Returns two independent numbers uniform in [−1, 1), at counter (c0, c1).
  std::array<double, 2> uniform_pair(std::uint32_t c0, std::uint32_t c1 = 0) const noexcept {
    const std::uint64_t b = bits(c0, c1);
    return {static_cast<double>(b >> 32) * 0x1p-31 - 1, static_cast<double>(b & 0xFFFFFFFFu) * 0x1p-31 - 1};
  }
  /// Returns the first number of normal_pair().
  double normal(std::uint32_t c0, std::uint32_t c1 = 0) const noexcept { return normal_pair(c0, c1)[0]; }
};

/// Returns the FNV-1a hash of a site's name, for Key::fold(). A site is a part of the program that draws random
/// numbers. Its name is the full name of a module, or a purpose such as "sampler".
constexpr std::uint64_t site(std::string_view name) noexcept { return core::fnv1a(name); }

}  // namespace minibert::random

#ifndef MINIBERT_COMPILED
#include <minibert/core/impl/random.ipp>
#endif
