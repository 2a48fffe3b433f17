// safetensors: eight bytes with the length of the header, the header in JSON, and the tensors' bytes end to end. The
// reader checks every number against the file's size; the writer streams from the tensors' memory.
#pragma once

#include <concepts>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include <minibert/core/error.hpp>
#include <minibert/core/types.hpp>
#include <minibert/io/file.hpp>
#include <minibert/io/json.hpp>
#include <minibert/tensor/shape.hpp>

namespace minibert {

/// A tensor in a safetensors file.
struct SafetensorsEntry {
  std::string name;
  std::string dtype;           // "F32", "BF16", …
  std::vector<index_t> shape;  // empty for a scalar
  index_t numel = 0;
  std::string_view bytes;  // in the mapped file; may be unaligned
};

/// Maps and checks a safetensors file. The bytes of its entries are valid as long as the reader exists.
class SafetensorsReader {
 public:
  /// @throws FormatError naming the file, and the tensor at fault if there is one; IoError if the file cannot be read
  explicit SafetensorsReader(const std::filesystem::path& path);

  const std::string& path() const noexcept { return path_; }
  /// Returns the bytes of the whole file.
  std::string_view contents() const noexcept { return file_.view(); }
  /// Returns all tensors, in ASCII order of their names.
  const std::vector<SafetensorsEntry>& entries() const noexcept { return entries_; }
  /// Returns the "__metadata__" object, which is empty if the file has none.
  const Json& metadata() const noexcept { return metadata_; }

  /// Returns the tensor of this name, or nullptr.
  const SafetensorsEntry* find(std::string_view name) const noexcept;

  /// Finds the tensor, checks its shape and copies its elements to `out`, converted to T.
  /// @throws FormatError if there is no such tensor, its shape is not `shape`, or copy() does not support its dtype
  template <class T>
  void read(std::string_view name, const Shape& shape, T* out) const;
  /// Does the same for an entry of this reader.
  template <class T>
  void read(const SafetensorsEntry& entry, const Shape& shape, T* out) const;

  /// Copies all elements of an F32, F64, F16 or BF16 tensor to `out`, converted to T.
  /// @throws FormatError for other dtypes
  template <class T>
  void copy(const SafetensorsEntry& entry, T* out) const;

 private:
  static constexpr std::size_t kLengthBytes = 8;

  /// Returns the JSON text of the header. @throws FormatError if the header does not end within the file
  std::string_view header_text() const;

  /// Returns `metadata`. @throws FormatError unless it is an object whose values are strings
  const Json& checked_metadata(const Json& metadata) const;

  SafetensorsEntry entry(const std::string& name, const Json& json, std::string_view data) const;

  /// Checks that the tensors cover the data. @throws FormatError unless each byte belongs to exactly one tensor
  void check_coverage(std::string_view data) const;

  static index_t dtype_bytes(std::string_view dtype);

  std::string path_;
  MappedFile file_;
  std::vector<SafetensorsEntry> entries_;
  Json metadata_ = Json::object();
};

/// A tensor to write. `data` points to numel() elements.
template <class T>
struct SafetensorsTensor {
  std::string name;
  std::vector<index_t> shape;
  const T* data;

  index_t numel() const noexcept {
    index_t product = 1;
    for (const index_t dimension : shape) product *= dimension;
    return product;
  }
};

/// Writes tensors of float or double as transformers does: names in ASCII order, metadata {"format": "pt"}. Replaces
/// the file atomically. @throws ValueError if two tensors have the same name, IoError if the file cannot be written
template <std::floating_point T>
void write_safetensors(const std::filesystem::path& path, std::vector<SafetensorsTensor<T>> tensors);

}  // namespace minibert

#ifndef MINIBERT_COMPILED
#include <minibert/io/impl/safetensors.ipp>
#endif
