// RandomPermutation: a random permutation whose elements are computed one by one, so it needs no array.
#pragma once

#include <cstdint>

#include <minibert/core/random.hpp>
#include <minibert/core/types.hpp>

namespace minibert {

/// A random permutation of 0 … n − 1, determined by the key. A Feistel network, with additions instead of
/// exclusive-ors, permutes the cells of an a × b grid. The grid has at least n cells. If a result is not below n, the
/// network is applied to it again (cycle walking; Black & Rogaway, "Ciphers with arbitrary finite domains", CT-RSA
/// 2002). This is rare, because the grid has fewer than a ≈ √n cells too many.
class RandomPermutation {
 public:
  RandomPermutation(index_t n, random::Key key) noexcept;

  /// Returns element `place` of the permutation. Element and place are in 0 … n − 1.
  index_t operator()(index_t place) const noexcept;

  /// Returns the place of the element `number`: the inverse of operator().
  index_t place_of(index_t number) const noexcept;

 private:
  static constexpr std::uint32_t kRounds = 8;

  /// Computes the round function of the Feistel network: a random number in [0, below), determined by the key, a
  /// coordinate and a round.
  index_t draw(index_t below, index_t coordinate, std::uint32_t round) const noexcept {
    return key_.below(below, static_cast<std::uint32_t>(coordinate), round);
  }

  index_t n_, a_, b_;
  random::Key key_;
};

}  // namespace minibert

#ifndef MINIBERT_COMPILED
#include <minibert/data/impl/permutation.ipp>
#endif
