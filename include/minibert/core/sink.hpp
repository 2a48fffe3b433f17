// The destination of a gradient in a backward kernel.
#pragma once

namespace minibert {

/// Says whether a kernel skips a gradient (no data), overwrites it, or adds to it. If several kernels contribute to a
/// gradient, the first one overwrites it, so nobody has to zero it before.
template <class T>
struct Sink {
  T* data = nullptr;
  bool accumulate = false;

  explicit operator bool() const noexcept { return data != nullptr; }
};

}  // namespace minibert
