// Definitions of io/fingerprint.hpp.
#pragma once

#include <cstring>
#include <vector>

#include <minibert/io/file_descriptor.hpp>
#include <minibert/io/fingerprint.hpp>

namespace minibert {

MINIBERT_INLINE std::uint64_t Fingerprint::word(std::string_view bytes) noexcept {
  std::uint64_t value = 0;
  std::memcpy(&value, bytes.data(), bytes.size());
  return value;
}

MINIBERT_INLINE Fingerprint& Fingerprint::add(std::string_view bytes) noexcept {
  return add(static_cast<std::uint64_t>(bytes.size())).add_part(bytes);
}

MINIBERT_INLINE Fingerprint& Fingerprint::add_part(std::string_view bytes) noexcept {
  while (bytes.size() >= sizeof(std::uint64_t)) {
    add(word(bytes.substr(0, sizeof(std::uint64_t))));
    bytes.remove_prefix(sizeof(std::uint64_t));
  }
  if (!bytes.empty()) add(word(bytes));
  return *this;
}

MINIBERT_INLINE std::string Fingerprint::to_hex(std::uint64_t value) {
  std::string text(16, '0');
  for (index_t i = 0; i < 16; ++i) core::at(text, 15 - i) = "0123456789abcdef"[(value >> (4 * i)) & 15];
  return text;
}

MINIBERT_INLINE Fingerprint file_fingerprint(const std::filesystem::path& path,
                                             const std::function<void(index_t)>& on_read) {
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
