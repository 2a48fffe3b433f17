// no_grad: a scope in which nothing is recorded.
#pragma once

namespace minibert {

/// While a no_grad exists, ops on the calling thread record nothing and their results require no gradient, as in
/// `torch.no_grad()`.
class no_grad {
 public:
  no_grad() noexcept { ++depth_; }
  ~no_grad() { --depth_; }
  no_grad(const no_grad&) = delete;
  no_grad& operator=(const no_grad&) = delete;

  static bool active() noexcept { return depth_ > 0; }

 private:
  static inline thread_local int depth_ = 0;
};

}  // namespace minibert
