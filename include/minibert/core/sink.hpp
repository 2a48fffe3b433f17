// The destination of a gradient in a backward kernel.
#pragma once

namespace minibert {

/// Says whether a kernel skips a gradient (no data), overwrites it, or adds to it. The first writer overwrites the
/// gradient, so the gradient need not be filled with zeros before.
template <class T>
struct Sink {
  T* data = nullptr;
  bool accumulate = false;

  explicit operator bool() const noexcept { return data != nullptr; }
};

}  // namespace minibert
