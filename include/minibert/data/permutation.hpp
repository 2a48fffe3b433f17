// A random order as a function: no array, whatever the number.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

#include <minibert/core/random.hpp>
#include <minibert/core/types.hpp>

namespace minibert {

/// 0 … n − 1 in a random order named by the key, each place computed alone: a Feistel network over the grid a × b of at
/// least n cells, with additions in place of exclusive-or, and walked again from a cell beyond n (Black & Rogaway,
/// "Ciphers with arbitrary finite domains", CT-RSA 2002). The grid has fewer than a cells too many, so that is rare.
class RandomPermutation {
 public:
  RandomPermutation(index_t n, random::Key key) noexcept
      : n_(n),
        a_(std::max(index_t{1}, static_cast<index_t>(std::ceil(std::sqrt(static_cast<double>(n)))))),
        b_(core::ceil_div(n, a_)),
        key_(key) {}

  /// The number at a place in 0 … n − 1.
  index_t operator()(index_t place) const noexcept {
    do {
      index_t x = place % a_, y = place / a_;
      for (std::uint32_t round = 0; round < kRounds; round += 2) {
        x = (x + draw(a_, y, round)) % a_;
        y = (y + draw(b_, x, round + 1)) % b_;
      }
      place = y * a_ + x;
    } while (place >= n_);
    return place;
  }

  /// The place of a number in 0 … n − 1.
  index_t place_of(index_t number) const noexcept {
    do {
      index_t x = number % a_, y = number / a_;
      for (std::uint32_t round = kRounds; round > 0; round -= 2) {
        y = (y + b_ - draw(b_, x, round - 1)) % b_;
        x = (x + a_ - draw(a_, y, round - 2)) % a_;
      }
      number = y * a_ + x;
    } while (number >= n_);
    return number;
  }

 private:
  static constexpr std::uint32_t kRounds = 8;

  index_t draw(index_t below, index_t half, std::uint32_t round) const noexcept {
    return key_.below(below, static_cast<std::uint32_t>(half), round);
  }

  index_t n_, a_, b_;
  random::Key key_;
};

}  // namespace minibert
