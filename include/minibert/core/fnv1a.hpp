// FNV-1a: a small hash with the same value on every machine and in every run.
#pragma once

#include <cstdint>
#include <string_view>

namespace minibert::core {

/// The FNV-1a hash of no bytes.
inline constexpr std::uint64_t kFnv1aStart = 0xcbf29ce484222325u;

/// Returns the 64-bit FNV-1a hash of the bytes. To hash bytes in parts, pass the hash of the earlier parts as `hash`.
constexpr std::uint64_t fnv1a(std::string_view bytes, std::uint64_t hash = kFnv1aStart) noexcept {
  for (const char c : bytes) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3u;
  return hash;
}

}  // namespace minibert::core
