// What words became: most words of a text were in it before.
#pragma once

#include <atomic>
#include <bit>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <vector>

#include <minibert/core/types.hpp>
#include <minibert/tokenizers/id_appender.hpp>

namespace minibert::tokenizers::detail {

/// Bytes of raw text up to a space (U+0020) or the end, and their hash.
struct RawWord {
  std::string_view text;
  std::uint64_t hash;

  /// The word that begins at p; p may be a space, then it is empty.
  static RawWord at(const char* p, const char* end) noexcept {
    const char* const begin = p;
    std::uint64_t hash = 0;
    if constexpr (std::endian::native == std::endian::little) {
      constexpr std::uint64_t ones = 0x0101010101010101u, highs = 0x8080808080808080u;
      for (; end - p >= 8; p += 8) {
        std::uint64_t bytes;
        std::memcpy(&bytes, p, 8);
        const std::uint64_t other =
            bytes ^ (ones * ' ');  // a space is 0 there; the lowest bit of `spaces` is the first
        const std::uint64_t spaces = (other - ones) & ~other & highs;
        if (spaces != 0) {
          const int count = std::countr_zero(spaces) / 8;
          if (count > 0) hash = mixed(hash, bytes & ((std::uint64_t{1} << (8 * count)) - 1));
          return {{begin, static_cast<std::size_t>(p + count - begin)}, hash};
        }
        hash = mixed(hash, bytes);
      }
    }
    std::uint64_t bytes = 0;
    int count = 0;
    for (; p != end && *p != ' '; ++p) {
      bytes |= static_cast<std::uint64_t>(static_cast<unsigned char>(*p)) << (8 * count);
      if (++count == 8) hash = mixed(hash, bytes), bytes = 0, count = 0;
    }
    if (count > 0) hash = mixed(hash, bytes);
    return {{begin, static_cast<std::size_t>(p - begin)}, hash};
  }

 private:
  static std::uint64_t mixed(std::uint64_t hash, std::uint64_t bytes) noexcept {
    hash = (hash ^ bytes) * 0x9E3779B97F4A7C15u;
    return hash ^ (hash >> 32);
  }
};

/// A thread's words and their ids, those of all tokenizers that it works with: a table of one place a hash, in which
/// the latest word replaces what was there. 1 MB a thread.
class WordCache {
 public:
  /// A number for a tokenizer, not given before and not 0.
  static std::uint64_t new_owner() noexcept {
    static std::atomic<std::uint64_t> last{0};
    return ++last;
  }

  static WordCache& of_this_thread() {
    thread_local WordCache cache;
    return cache;
  }

  /// Appends the ids of a word, if they are here.
  bool append(std::uint64_t owner, const RawWord& word, IdAppender& ids) const {
    const Entry& entry = entries_[place(word)];
    if (entry.owner != owner || entry.bytes != word.text.size() ||
        std::memcmp(entry.text(), word.text.data(), word.text.size()) != 0)
      return false;
    ids.make_room(entry.count);
    for (int i = 0; i < entry.count; ++i) ids.add(entry.ids[i]);
    return true;
  }

  /// Keeps the ids of a word, unless it is too long.
  void keep(std::uint64_t owner, const RawWord& word, const token_id* ids, std::size_t count) {
    if (word.text.size() + count * sizeof(token_id) > Entry::kRoom) return;
    Entry& entry = entries_[place(word)];
    entry.owner = owner;
    entry.bytes = static_cast<std::uint8_t>(word.text.size());
    entry.count = static_cast<std::uint8_t>(count);
    std::memcpy(entry.text(), word.text.data(), word.text.size());
    std::memcpy(entry.ids, ids, count * sizeof(token_id));
  }

 private:
  static constexpr int kPlaceBits = 14;

  /// A cache line: ids from its front on, the word at its end.
  struct alignas(64) Entry {
    static constexpr std::size_t kRoom = 52;
    std::uint64_t owner = 0;
    std::uint8_t bytes = 0, count = 0;
    token_id ids[kRoom / sizeof(token_id)];
    char* text() { return reinterpret_cast<char*>(this + 1) - bytes; }
    const char* text() const { return reinterpret_cast<const char*>(this + 1) - bytes; }
  };
  static_assert(sizeof(Entry) == 64);

  static std::size_t place(const RawWord& word) noexcept { return word.hash >> (64 - kPlaceBits); }

  std::vector<Entry> entries_ = std::vector<Entry>(std::size_t{1} << kPlaceBits);
};

}  // namespace minibert::tokenizers::detail
