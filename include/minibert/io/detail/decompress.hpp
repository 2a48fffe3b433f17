// gzip and zstd behind one interface.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>

#include <minibert/core/types.hpp>

namespace minibert::io::detail {

/// Decompresses a file part by part.
class Decompressor {
 public:
  Decompressor() = default;
  Decompressor(const Decompressor&) = delete;
  Decompressor& operator=(const Decompressor&) = delete;
  virtual ~Decompressor() = default;

  /// Removes bytes from the front of the input, writes the text they decompress to, and returns its size. Makes
  /// progress with each call until the input is empty and everything is written. @throws FormatError if the input is
  /// damaged
  virtual index_t run(std::string_view& input, std::span<char> output) = 0;
  /// Call at the end of the input. @throws FormatError if compressed data are cut short
  virtual void finish() const = 0;
};

/// Returns the decompressor for a file that begins with these bytes.
/// @throws ValueError if the library was built without it
std::unique_ptr<Decompressor> make_decompressor(std::string_view first_bytes, const std::string& source);

}  // namespace minibert::io::detail

#ifndef MINIBERT_COMPILED
#include <minibert/io/impl/decompress.ipp>
#endif
