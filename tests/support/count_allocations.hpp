// Counts the allocations that a program makes with operator new. Replaces the global operators new and delete, so only
// one file of a program may include this header.
#pragma once

#include <atomic>
#include <cstdlib>
#include <new>

#include <minibert/core/types.hpp>

namespace minibert::testing {

inline std::atomic<index_t> allocations{0};

inline void* counted(void* memory) {
  ++allocations;
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

/// Returns the number of allocations that f() makes, on all threads.
template <class F>
index_t count_allocations(F f) {
  const index_t before = allocations;
  f();
  return allocations - before;
}

}  // namespace minibert::testing

// Replaces all forms of new and delete, because a sanitizer supplies its own for any that are missing. The operators
// are not inlined: otherwise g++ would see free() called on memory from new, and warn.
[[gnu::noinline]] void* operator new(std::size_t size) {
  return minibert::testing::counted(std::malloc(size > 0 ? size : 1));
}
[[gnu::noinline]] void* operator new(std::size_t size, std::align_val_t alignment) {
  const std::size_t a = static_cast<std::size_t>(alignment);
  return minibert::testing::counted(std::aligned_alloc(a, (size / a + 1) * a));
}
[[gnu::noinline]] void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  ++minibert::testing::allocations;
  return std::malloc(size > 0 ? size : 1);
}
[[gnu::noinline]] void* operator new[](std::size_t size) { return operator new(size); }
[[gnu::noinline]] void* operator new[](std::size_t size, std::align_val_t a) { return operator new(size, a); }
[[gnu::noinline]] void* operator new[](std::size_t size, const std::nothrow_t& n) noexcept {
  return operator new(size, n);
}
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::align_val_t) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete[](void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete[](void* memory, std::size_t) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete[](void* memory, std::align_val_t) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete[](void* memory, std::size_t, std::align_val_t) noexcept { std::free(memory); }
