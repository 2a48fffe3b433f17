// Trie: maps strings to values. Finds the longest of these strings that a text starts with.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include <minibert/core/types.hpp>

namespace minibert {

/// A trie in one array: the double array of Aoe, "An efficient digital search algorithm by using a double-array
/// structure", 1989. A node is the index of its cell in this array. The child of node n for byte b is node base(n) + b,
/// if that node has n as its parent. A search reads one cell per byte of text. A vocabulary of 30,000 tokens takes
/// about 1 MB.
class Trie {
 public:
  using Node = std::int32_t;
  using Value = std::int32_t;
  using Entry = std::pair<std::string_view, Value>;
  static constexpr Node kRoot = 0, kNoNode = -1;
  static constexpr Value kNoValue = -1;

  Trie() : Trie(std::vector<Entry>()) {}

  /// Values must not be negative. If several entries have the same string, uses the value of the last such entry.
  explicit Trie(std::vector<Entry> entries) {
    std::stable_sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) { return a.first < b.first; });
    cells_.resize(kBytes);
    cells_[kRoot].parent = kNoParent;
    std::vector<Branch> branches{{kRoot, 0, core::length(entries), 0}};
    while (!branches.empty()) {
      const Branch branch = branches.back();
      branches.pop_back();
      add_children(entries, branch, branches);
    }
    cells_.shrink_to_fit();
  }

  /// Returns the node reached from `node` along the bytes of the text, or kNoNode if there is none.
  Node descend(Node node, std::string_view text) const noexcept {
    for (const char c : text) {
      node = child(node, c);
      if (node == kNoNode) return kNoNode;
    }
    return node;
  }

  /// Returns the value of this string, or kNoValue if the string is not in the trie.
  Value find(std::string_view text) const noexcept {
    const Node node = descend(kRoot, text);
    return node == kNoNode ? kNoValue : core::at(cells_, node).value;
  }

  struct Match {
    Value value = kNoValue;
    index_t bytes = 0;  ///< length of the match; 0 if there is no match
  };

  /// Returns the longest match: the longest non-empty prefix of the text that leads from `node` to a node with a value.
  Match longest_match(Node node, std::string_view text) const noexcept {
    Match match;
    for (index_t i = 0; i < core::length(text); ++i) {
      node = child(node, text.data()[i]);
      if (node == kNoNode) break;
      if (const Value value = cell(node).value; value != kNoValue) match = {value, i + 1};
    }
    return match;
  }

 private:
  static constexpr index_t kBytes = 256;
  static constexpr Node kFree = -1, kNoParent = -2;

  struct Cell {
    std::int32_t base = 0;
    Node parent = kFree;
    Value value = kNoValue;
  };

  /// A node whose children are still to be created. The entries [begin, end) have the same first `depth` bytes, which
  /// lead to `node`.
  struct Branch {
    Node node;
    index_t begin, end, depth;
  };

  /// Returns the cell of a node. Does not use at(), because the assert in at() makes tokenizers 20 % slower in programs
  /// that keep asserts.
  const Cell& cell(Node node) const noexcept { return cells_.data()[node]; }

  /// Returns the child for a byte, or kNoNode. Needs no bounds check, because the array has at least 256 cells from
  /// every base on.
  Node child(Node node, char byte) const noexcept {
    const Node next = cell(node).base + static_cast<unsigned char>(byte);
    return cell(next).parent == node ? next : kNoNode;
  }

  /// Sets the value of the branch's node, creates the children of the node and adds their branches to `branches`.
  void add_children(const std::vector<Entry>& entries, Branch branch, std::vector<Branch>& branches) {
    for (; branch.begin != branch.end && core::length(core::at(entries, branch.begin).first) == branch.depth;
         ++branch.begin)
      core::at(cells_, branch.node).value = core::at(entries, branch.begin).second;
    if (branch.begin == branch.end) return;

    std::vector<Branch> children;
    std::vector<std::int32_t> bytes;
    for (index_t i = branch.begin; i < branch.end; ++i) {
      const std::int32_t byte = static_cast<unsigned char>(core::at(core::at(entries, i).first, branch.depth));
      if (bytes.empty() || bytes.back() != byte) {
        bytes.push_back(byte);
        children.push_back({kNoNode, i, i, branch.depth + 1});
      }
      children.back().end = i + 1;
    }
    const std::int32_t base = free_base(bytes);
    core::at(cells_, branch.node).base = base;
    for (index_t k = 0; k < core::length(bytes); ++k) {
      core::at(children, k).node = base + core::at(bytes, k);
      core::at(cells_, core::at(children, k).node).parent = branch.node;
    }
    branches.insert(branches.end(), children.rbegin(), children.rend());
  }

  /// Returns a base such that cell base + b is free for each byte b. `bytes` must be ascending. Searches for the cell
  /// of the first byte, in ascending order from search_start_ on. If at least 95 % of the cells searched are taken,
  /// moves search_start_ to the cell found.
  std::int32_t free_base(const std::vector<std::int32_t>& bytes) {
    index_t taken = 0;
    for (index_t cell = std::max<index_t>(search_start_, bytes.front() + 1);; ++cell) {
      const index_t base = cell - bytes.front();
      if (core::length(cells_) < base + kBytes) cells_.resize(core::usize(base + kBytes));
      if (core::at(cells_, cell).parent != kFree) {
        ++taken;
        continue;
      }
      const bool fits = std::all_of(bytes.begin(), bytes.end(),
                                    [&](std::int32_t byte) { return core::at(cells_, base + byte).parent == kFree; });
      if (!fits) continue;
      if (20 * taken >= 19 * (cell - search_start_ + 1)) search_start_ = cell;
      return static_cast<std::int32_t>(base);
    }
  }

  std::vector<Cell> cells_;
  index_t search_start_ = 1;  // the cell at which free_base() starts; nearly all earlier cells are taken
};

}  // namespace minibert
