#include <minibert/core/aligned_buffer.hpp>

#include <cstdint>

#include <doctest/doctest.h>

using namespace minibert;

TEST_CASE("AlignedBuffer: aligned, rounded up, moved") {
  CHECK(aligned_size(0) == 0);
  CHECK(aligned_size(1) == 64);
  CHECK(aligned_size(64) == 64);
  CHECK(aligned_size(65) == 128);
  AlignedBuffer buffer(100);
  CHECK(buffer.size() == 128);
  CHECK(reinterpret_cast<std::uintptr_t>(buffer.data()) % kAlignment == 0);
  buffer.data()[127] = std::byte{1};
  std::byte* const memory = buffer.data();
  AlignedBuffer moved = std::move(buffer);
  CHECK(moved.data() == memory);
  CHECK(buffer.data() == nullptr);  // NOLINT: tests the moved-from buffer
  CHECK(buffer.size() == 0);
  AlignedBuffer other(10);
  other = std::move(moved);
  CHECK(other.data() == memory);
  CHECK(AlignedBuffer().data() == nullptr);
  CHECK(AlignedBuffer(0).data() == nullptr);
}

TEST_CASE("AlignedBuffer: large buffers") {
  for (const std::size_t size : {std::size_t{2} << 20, (std::size_t{5} << 20) + 64}) {
    AlignedBuffer buffer(size);
    CHECK(buffer.size() == size);
    CHECK(reinterpret_cast<std::uintptr_t>(buffer.data()) % (std::size_t{2} << 20) == 0);
    for (const std::size_t i : {std::size_t{0}, size / 2, size - 1}) buffer.data()[i] = std::byte{7};
    CHECK(buffer.data()[size - 1] == std::byte{7});
  }
}

#ifndef __SANITIZE_ADDRESS__  // whose operator new ends the program
TEST_CASE("AlignedBuffer: a size that no machine has") {
  for (const std::size_t size : {SIZE_MAX, SIZE_MAX - 63, SIZE_MAX / 2, SIZE_MAX / 4})
    CHECK_THROWS_AS(AlignedBuffer{size}, std::bad_alloc);
}
#endif
