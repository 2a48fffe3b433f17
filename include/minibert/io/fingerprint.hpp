// Fingerprints of texts and files. They detect accidental changes, not deliberate ones.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

#include <minibert/core/error.hpp>
#include <minibert/core/types.hpp>

namespace minibert {

/// A 64-bit fingerprint of a sequence of byte strings. The fingerprint also depends on where each string ends. A change
/// within one word of 8 bytes always changes the fingerprint.
class Fingerprint {
 public:
  /// Adds a byte string.
  Fingerprint& add(std::string_view bytes) noexcept;
  /// Adds a part of a byte string. The size of the whole string must be added before its first part. The size of each
  /// part except the final one must be a multiple of 8.
  Fingerprint& add_part(std::string_view bytes) noexcept;
  /// Adds a number. Each step is a bijection of the state, so inputs that differ in a single number never end in the
  /// same state.
  Fingerprint& add(std::uint64_t value) noexcept {
    state_ = (state_ ^ value) * 0x9E3779B97F4A7C15u;
    state_ ^= state_ >> 29;
    return *this;
  }

  std::uint64_t value() const noexcept { return state_; }

  /// Returns the value as sixteen hexadecimal digits.
  std::string hex() const { return to_hex(state_); }
  static std::string to_hex(std::uint64_t value);

 private:
  static std::uint64_t word(std::string_view bytes) noexcept;

  std::uint64_t state_ = 0x243F6A8885A308D3u;
};

/// Returns the fingerprint of a file's bytes, equal to Fingerprint().add(contents). Reads the file in parts and calls
/// on_read(size of the part) after each part. Does not map the file, because mapped pages would count as memory of the
/// program.
/// @throws IoError if the file cannot be read or is not a regular file
Fingerprint file_fingerprint(const std::filesystem::path& path, const std::function<void(index_t)>& on_read = {});

}  // namespace minibert

#ifndef MINIBERT_COMPILED
#include <minibert/io/impl/fingerprint.ipp>
#endif
