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

  /// Decompresses bytes from the front of `input` and removes them from it. Writes the text to `output` and returns the
  /// number of bytes written. Each call makes progress until `input` is empty and all text is written.
  /// @throws FormatError if the input is damaged
  virtual index_t run(std::string_view& input, std::span<char> output) = 0;
  /// Checks that the compressed data are complete. Call this at the end of the input.
  /// @throws FormatError if they are cut short
  virtual void finish() const = 0;
};

/// Returns the decompressor for a file that begins with these bytes; for a file that is not compressed, one that
/// copies. source: the name of the file in error messages.
/// @throws FormatError if the file is neither compressed with gzip or zstd nor text; ValueError if the file is
/// compressed, but the library was built without support for that compression
std::unique_ptr<Decompressor> make_decompressor(std::string_view first_bytes, const std::string& source);

}  // namespace minibert::io::detail

#ifndef MINIBERT_COMPILED
#include <minibert/io/impl/decompress.ipp>
#endif
