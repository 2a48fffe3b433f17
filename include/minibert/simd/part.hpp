// Processes rows of any length by vectors: whole vectors, then a partial one.
#pragma once

#include <minibert/simd/vec.hpp>

namespace minibert::simd {
inline namespace MINIBERT_ARCH {

/// Says that all lanes of a vector are valid.
struct FullVector {
  template <class V, class T>
  [[gnu::always_inline]] V load(const T* p) const {
    return V::load(p);
  }
  template <class V, class T>
  [[gnu::always_inline]] void store(const V& x, T* p) const {
    x.store(p);
  }
  /// Returns x with zeros in the invalid lanes.
  template <class V>
  [[gnu::always_inline]] V keep(const V& x) const {
    return x;
  }
};

/// Says that the first n lanes of a vector are valid. The other lanes load as zero and are not stored.
struct PartVector {
  index_t n;
  template <class V, class T>
  [[gnu::always_inline]] V load(const T* p) const {
    return V::load(p, n);
  }
  template <class V, class T>
  [[gnu::always_inline]] void store(const V& x, T* p) const {
    x.store(p, n);
  }
  template <class V>
  [[gnu::always_inline]] V keep(const V& x) const {
    V kept{};
    for (index_t i = 0; i < n; ++i) kept.v[i] = x.v[i];
    return kept;
  }
};

/// Calls f(i, part) for i = 0, lanes, 2·lanes, … < n. part: the valid lanes, a FullVector or a PartVector. f must be a
/// lambda marked always_inline.
template <class V, class F>
[[gnu::always_inline]] inline void for_vectors(index_t n, F f) {
  index_t i = 0;
  for (; i + V::lanes <= n; i += V::lanes) f(i, FullVector{});
  if (i < n) f(i, PartVector{n - i});
}

/// Loads from p. If `present` is false, returns zeros without reading p, which may be invalid. Chooses between
/// addresses, not between vectors, because of a bug of g++ 12: in a loop, the compiler mistakes the condition of
/// `present ? x + y : x` for a mask of lanes, and adds in lane 0 only.
template <class V, class T, class Part>
[[gnu::always_inline]] inline V load_or_zero(const T* p, bool present, Part part) {
  alignas(sizeof(V)) static constexpr T zeros[V::lanes] = {};
  return part.template load<V>(present ? p : zeros);
}

/// Writes x to p, or adds x to the elements at p if `add` is true.
template <class V, class T, class Part>
[[gnu::always_inline]] inline void store_or_add(const V& x, T* p, bool add, Part part) {
  part.store(x + load_or_zero<V>(p, add, part), p);
}

}  // namespace MINIBERT_ARCH
}  // namespace minibert::simd
