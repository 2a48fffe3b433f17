// Fingerprints of texts and files. They detect accidental changes, not deliberate ones.
#pragma once

#include <cstdint>
#include <cstring>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include <minibert/core/types.hpp>
#include <minibert/io/file_descriptor.hpp>

namespace minibert {

/// A 64-bit fingerprint of a sequence of byte strings. It also depends on where each string ends. A change within one
/// word of 8 bytes always changes it.
class Fingerprint {
 public:
  /// Adds a byte string.
  Fingerprint& add(std::string_view bytes) noexcept {
    return add(static_cast<std::uint64_t>(bytes.size())).add_part(bytes);
  }
  /// Adds a part of a byte string whose size was added before. The size of each part but the last must be a multiple
  /// of 8.
  Fingerprint& add_part(std::string_view bytes) noexcept {
    while (bytes.size() >= sizeof(std::uint64_t)) {
      add(word(bytes.substr(0, sizeof(std::uint64_t))));
      bytes.remove_prefix(sizeof(std::uint64_t));
    }
    if (!bytes.empty()) add(word(bytes));
    return *this;
  }
  /// Adds a number. Each step is a bijection of the state, so inputs that differ in one word keep different states.
  Fingerprint& add(std::uint64_t value) noexcept {
    state_ = (state_ ^ value) * 0x9E3779B97F4A7C15u;
    state_ ^= state_ >> 29;
    return *this;
  }

  std::uint64_t value() const noexcept { return state_; }

  /// Returns sixteen hexadecimal digits.
  std::string hex() const { return to_hex(state_); }
  static std::string to_hex(std::uint64_t value) {
    std::string text(16, '0');
    for (index_t i = 0; i < 16; ++i) core::at(text, 15 - i) = "0123456789abcdef"[(value >> (4 * i)) & 15];
    return text;
  }

 private:
  static std::uint64_t word(std::string_view bytes) noexcept {
    std::uint64_t value = 0;
    std::memcpy(&value, bytes.data(), bytes.size());
    return value;
  }

  std::uint64_t state_ = 0x243F6A8885A308D3u;
};

/// Returns the fingerprint of a file's bytes, equal to Fingerprint().add(contents). Reads the file in parts, because
/// mapped pages would count as memory of the program, and calls on_read(size of the part) after each.
/// @throws IoError if the file cannot be read or is not a regular file
inline Fingerprint file_fingerprint(const std::filesystem::path& path,
                                    const std::function<void(index_t)>& on_read = {}) {
  const io::FileDescriptor file(path, O_RDONLY);
  std::vector<char> buffer(std::size_t{1} << 20);
  Fingerprint fingerprint;
  fingerprint.add(static_cast<std::uint64_t>(file.size(path)));
  for (std::string_view part; !(part = file.read(buffer, path)).empty();) {
    fingerprint.add_part(part);
    if (on_read) on_read(core::length(part));
  }
  return fingerprint;
}

}  // namespace minibert
