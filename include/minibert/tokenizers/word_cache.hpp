// WordCache: remembers the ids of words, because most words of a text occur more than once.
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

/// A word of raw text, and its hash. The word ends at the next space (U+0020) or at the end of the text.
struct RawWord {
  std::string_view text;
  std::uint64_t hash;

  /// Returns the word that begins at `p`. The word is empty if `p` points to a space or is `end`.
  static RawWord at(const char* p, const char* end) noexcept {
    const char* const begin = p;
    std::uint64_t hash = 0;
    if constexpr (std::endian::native == std::endian::little) {
      constexpr std::uint64_t ones = 0x0101010101010101u, highs = 0x8080808080808080u;
      for (; end - p >= 8; p += 8) {
        std::uint64_t bytes;
        std::memcpy(&bytes, p, 8);
        // The lowest set bit of `spaces` belongs to the first space. Bits above it may be wrong.
        const std::uint64_t zero_at_spaces = bytes ^ (ones * ' ');
        const std::uint64_t spaces = (zero_at_spaces - ones) & ~zero_at_spaces & highs;
        if (spaces != 0) {
          const int count = std::countr_zero(spaces) / 8;
          if (count > 0) hash = mix(hash, bytes & ((std::uint64_t{1} << (8 * count)) - 1));
          return {{begin, static_cast<std::size_t>(p + count - begin)}, hash};
        }
        hash = mix(hash, bytes);
      }
    }
    std::uint64_t bytes = 0;
    int count = 0;
    for (; p != end && *p != ' '; ++p) {
      bytes |= static_cast<std::uint64_t>(static_cast<unsigned char>(*p)) << (8 * count);
      if (++count == 8) hash = mix(hash, bytes), bytes = 0, count = 0;
    }
    if (count > 0) hash = mix(hash, bytes);
    return {{begin, static_cast<std::size_t>(p - begin)}, hash};
  }

 private:
  static std::uint64_t mix(std::uint64_t hash, std::uint64_t bytes) noexcept {
    hash = (hash ^ bytes) * 0x9E3779B97F4A7C15u;
    return hash ^ (hash >> 32);
  }
};

/// A cache of words and their ids. Each thread has one cache (1 MB), which all tokenizers on that thread share. The
/// hash of a word selects its slot. A new word replaces the word in its slot.
class WordCache {
 public:
  /// Returns a number that identifies a tokenizer. The number differs in each call and is never 0, which marks an empty
  /// entry.
  static std::uint64_t new_owner() noexcept {
    static std::atomic<std::uint64_t> last{0};
    return ++last;
  }

  static WordCache& of_this_thread() {
    thread_local WordCache cache;
    return cache;
  }

  /// Appends the ids of a word and returns true if the cache holds the word for this owner. Otherwise returns false.
  bool append(std::uint64_t owner, const RawWord& word, IdAppender& ids) const {
    const Entry& entry = entries_[slot(word)];
    if (entry.owner != owner || entry.bytes != word.text.size() ||
        std::memcmp(entry.text(), word.text.data(), word.text.size()) != 0)
      return false;
    ids.make_room(entry.count);
    for (int i = 0; i < entry.count; ++i) ids.add(entry.ids[i]);
    return true;
  }

  /// Puts a word and its `count` ids into the cache. `owner` identifies the tokenizer; see new_owner(). Does nothing if
  /// word and ids do not fit into the kRoom bytes of an entry.
  void keep(std::uint64_t owner, const RawWord& word, const token_id* ids, std::size_t count) {
    if (word.text.size() + count * sizeof(token_id) > Entry::kRoom) return;
    Entry& entry = entries_[slot(word)];
    entry.owner = owner;
    entry.bytes = static_cast<std::uint8_t>(word.text.size());
    entry.count = static_cast<std::uint8_t>(count);
    std::memcpy(entry.text(), word.text.data(), word.text.size());
    std::memcpy(entry.ids, ids, count * sizeof(token_id));
  }

 private:
  static constexpr int kSlotBits = 14;

  /// One cache line: the fields, the ids, and the bytes of the word. The bytes are at the end of the line, in the
  /// unused part of the array `ids`.
  struct alignas(64) Entry {
    static constexpr std::size_t kRoom = 52;  // bytes for the ids and the word
    std::uint64_t owner = 0;
    std::uint8_t bytes = 0, count = 0;
    token_id ids[kRoom / sizeof(token_id)];
    char* text() { return reinterpret_cast<char*>(this + 1) - bytes; }
    const char* text() const { return reinterpret_cast<const char*>(this + 1) - bytes; }
  };
  static_assert(sizeof(Entry) == 64);

  static std::size_t slot(const RawWord& word) noexcept { return word.hash >> (64 - kSlotBits); }

  std::vector<Entry> entries_ = std::vector<Entry>(std::size_t{1} << kSlotBits);
};

}  // namespace minibert::tokenizers::detail
