// RandomPermutation: a random permutation that is computed element by element, so it needs no array.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

#include <minibert/core/random.hpp>
#include <minibert/core/types.hpp>

namespace minibert {

/// A random permutation of 0 … n − 1, determined by the key. A Feistel network, with additions instead of
/// exclusive-ors, permutes the cells of an a × b grid. The grid has at least n cells, and fewer than a ≈ √n more: the
/// network is applied again while the result is not below n, which is rare (cycle walking; Black & Rogaway, "Ciphers
/// with arbitrary finite domains", CT-RSA 2002).
class RandomPermutation {
 public:
  RandomPermutation(index_t n, random::Key key) noexcept
      : n_(n),
        a_(std::max(index_t{1}, static_cast<index_t>(std::ceil(std::sqrt(static_cast<double>(n)))))),
        b_(core::ceil_div(n, a_)),
        key_(key) {}

  /// Returns the number at a place; both are in 0 … n − 1.
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

  /// Returns the place of a number: the inverse of operator().
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

  /// Returns the round function of a coordinate: a random number below `below`.
  index_t draw(index_t below, index_t coordinate, std::uint32_t round) const noexcept {
    return key_.below(below, static_cast<std::uint32_t>(coordinate), round);
  }

  index_t n_, a_, b_;
  random::Key key_;
};

}  // namespace minibert
