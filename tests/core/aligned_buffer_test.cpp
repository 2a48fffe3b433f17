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
