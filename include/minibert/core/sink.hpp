// The destination of a gradient in a backward kernel.
#pragma once

namespace minibert {

/// Says whether a kernel skips a gradient (`data` is null), overwrites it, or adds to it. If several kernels contribute
/// to a gradient, the first one overwrites it, so the gradient need not be zeroed first.
template <class T>
struct Sink {
  T* data = nullptr;
  bool accumulate = false;

  explicit operator bool() const noexcept { return data != nullptr; }
};

}  // namespace minibert
