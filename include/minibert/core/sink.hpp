// Where a backward kernel leaves a gradient.
#pragma once

namespace minibert {

/// Nowhere (no data), in place of what is there, or added to it. The first writer of a gradient replaces, so nobody
/// has to fill it with zeros before.
template <class T>
struct Sink {
  T* data = nullptr;
  bool accumulate = false;

  explicit operator bool() const noexcept { return data != nullptr; }
};

}  // namespace minibert
