// Definitions of io/safetensors.hpp.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>
#include <utility>

#include <minibert/core/error.hpp>
#include <minibert/io/detail/foreign_content.hpp>
#include <minibert/io/detail/half.hpp>
#include <minibert/io/safetensors.hpp>

namespace minibert {

static_assert(std::endian::native == std::endian::little,
              "safetensors files are little-endian; reading them here needs byte swapping");

MINIBERT_INLINE SafetensorsReader::SafetensorsReader(const std::filesystem::path& path)
    : path_(path.string()), file_(path) {
  const std::string_view header = header_text();
  const Json json = Json::parse(header, path_ + " (header)");
  core::check<FormatError>(json.is_object(), path_,
                           ": the header is not an object, expected one with a member for each tensor");
  const std::string_view data = file_.view().substr(kLengthBytes + header.size());
  for (const Json::Member& member : json.as_object()) {
    if (member.first == "__metadata__")
      metadata_ = checked_metadata(member.second);
    else
      entries_.push_back(entry(member.first, member.second, data));
  }
  check_coverage(data);
  std::sort(entries_.begin(), entries_.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
}

MINIBERT_INLINE const SafetensorsEntry* SafetensorsReader::find(std::string_view name) const noexcept {
  const auto entry = std::lower_bound(entries_.begin(), entries_.end(), name,
                                      [](const SafetensorsEntry& e, std::string_view n) { return e.name < n; });
  return entry != entries_.end() && entry->name == name ? &*entry : nullptr;
}

MINIBERT_INLINE std::string_view SafetensorsReader::header_text() const {
  const std::string_view file = file_.view();
  if (const std::string_view foreign = io::detail::foreign_content(file); !foreign.empty())
    core::raise<FormatError>(path_, ": ", foreign);
  core::check<FormatError>(file.size() >= kLengthBytes, path_, ": ", file.size(),
                           " bytes are too few, expected at least the 8 bytes of the header's length; it is cut short, "
                           "or no safetensors file");
  std::uint64_t header_length = 0;
  std::memcpy(&header_length, file.data(), kLengthBytes);
  core::check<FormatError>(header_length <= file.size() - kLengthBytes, path_, ": the header's length ", header_length,
                           " is beyond the end of a file of ", file.size(),
                           " bytes; it is cut short, or no safetensors file");
  return file.substr(kLengthBytes, static_cast<std::size_t>(header_length));
}

MINIBERT_INLINE const Json& SafetensorsReader::checked_metadata(const Json& metadata) const {
  try {
    for (const Json::Member& member : metadata.as_object()) static_cast<void>(member.second.as_string());
  } catch (const FormatError& error) {
    core::raise<FormatError>(path_, ": __metadata__: ", error.what());
  }
  return metadata;
}

MINIBERT_INLINE SafetensorsEntry SafetensorsReader::entry(const std::string& name, const Json& json,
                                                          std::string_view data) const {
  try {
    SafetensorsEntry entry{.name = name, .dtype = json.at("dtype").as_string(), .shape = {}, .numel = 1, .bytes = {}};
    const index_t element_bytes = dtype_bytes(entry.dtype);
    index_t bytes = element_bytes;
    for (const Json& dimension : json.at("shape").as_array()) {
      entry.shape.push_back(dimension.as_integer());
      core::check<FormatError>(entry.shape.back() >= 0, "negative dimension ", entry.shape.back(),
                               ", expected 0 or more");
      core::check<FormatError>(!__builtin_mul_overflow(bytes, entry.shape.back(), &bytes),
                               "the shape is too large, expected less than 2^63 bytes");
    }
    entry.numel = bytes / element_bytes;
    const Json::Array& offsets = json.at("data_offsets").as_array();
    core::check<FormatError>(offsets.size() == 2, "expected two data_offsets, found ", offsets.size());
    const index_t begin = core::at(offsets, 0).as_integer(), end = core::at(offsets, 1).as_integer();
    core::check<FormatError>(0 <= begin && begin <= end && end <= core::length(data), "data_offsets are [", begin, ", ",
                             end, "], expected 0 <= begin <= end <= ", data.size(), ", the size of the data");
    core::check<FormatError>(end - begin == bytes, "data_offsets hold ", end - begin, " bytes, expected ", bytes,
                             " from dtype and shape");
    entry.bytes = data.substr(core::usize(begin), core::usize(bytes));
    return entry;
  } catch (const FormatError& error) {
    core::raise<FormatError>(path_, ": tensor ", name, ": ", error.what());
  }
}

MINIBERT_INLINE void SafetensorsReader::check_coverage(std::string_view data) const {
  std::vector<const SafetensorsEntry*> by_offset;
  for (const SafetensorsEntry& entry : entries_) by_offset.push_back(&entry);
  std::sort(by_offset.begin(), by_offset.end(), [](const auto* a, const auto* b) {
    return std::pair(a->bytes.data(), a->bytes.size()) < std::pair(b->bytes.data(), b->bytes.size());
  });
  const char* expected = data.data();
  for (const SafetensorsEntry* entry : by_offset) {
    core::check<FormatError>(entry->bytes.data() == expected, path_, ": tensor ", entry->name, " begins at byte ",
                             entry->bytes.data() - data.data(), " of the data, expected byte ", expected - data.data(),
                             ", where the tensor before it ends");
    expected += entry->bytes.size();
  }
  core::check<FormatError>(expected == data.data() + data.size(), path_, ": the tensors end at byte ",
                           expected - data.data(), " of the data, expected its end, byte ", data.size());
}

MINIBERT_INLINE index_t SafetensorsReader::dtype_bytes(std::string_view dtype) {
  constexpr std::pair<std::string_view, index_t> kTypes[] = {
      {"BOOL", 1}, {"U8", 1},  {"I8", 1},  {"F8_E5M2", 1}, {"F8_E4M3", 1}, {"U16", 2}, {"I16", 2}, {"F16", 2},
      {"BF16", 2}, {"U32", 4}, {"I32", 4}, {"F32", 4},     {"U64", 8},     {"I64", 8}, {"F64", 8}};
  for (const auto& type : kTypes)
    if (type.first == dtype) return type.second;
  core::raise<FormatError>(
      "unknown dtype \"", dtype,
      "\", expected BOOL, U8, I8, F8_E5M2, F8_E4M3, U16, I16, F16, BF16, U32, I32, F32, U64, I64 or F64");
}

template <class T>
void SafetensorsReader::read(std::string_view name, const Shape& shape, T* out) const {
  const SafetensorsEntry* entry = find(name);
  if (entry == nullptr) core::raise<FormatError>(path_, ": the tensor ", name, " is missing");
  read(*entry, shape, out);
}

template <class T>
void SafetensorsReader::read(const SafetensorsEntry& entry, const Shape& shape, T* out) const {
  core::check<FormatError>(entry.shape == shape.sizes(), path_, ": the tensor ", entry.name, " has shape ",
                           shape_text(entry.shape), ", expected ", shape);
  copy(entry, out);
}

template <class T>
void SafetensorsReader::copy(const SafetensorsEntry& entry, T* out) const {
  const auto convert = [&]<class Stored>(Stored value, auto to_float) {
    for (index_t i = 0; i < entry.numel; ++i) {
      std::memcpy(&value, entry.bytes.data() + core::usize(i) * sizeof value, sizeof value);
      out[i] = static_cast<T>(to_float(value));
    }
  };
  if (entry.dtype == "F32")
    convert(float{}, [](float x) { return x; });
  else if (entry.dtype == "F64")
    convert(double{}, [](double x) { return x; });
  else if (entry.dtype == "F16")
    convert(std::uint16_t{}, io::detail::half_to_float);
  else if (entry.dtype == "BF16")
    convert(std::uint16_t{}, io::detail::bfloat16_to_float);
  else
    core::raise<FormatError>(path_, ": ", entry.name, " has dtype ", entry.dtype, ", expected F32, F64, F16 or BF16");
}

template <std::floating_point T>
void write_safetensors(const std::filesystem::path& path, std::vector<SafetensorsTensor<T>> tensors) {
  std::sort(tensors.begin(), tensors.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
  Json header = Json::Object{{"__metadata__", Json::Object{{"format", "pt"}}}};
  index_t offset = 0;
  for (index_t i = 0; i < core::length(tensors); ++i) {
    const SafetensorsTensor<T>& tensor = core::at(tensors, i);
    core::check<ValueError>(i == 0 || core::at(tensors, i - 1).name != tensor.name, path.string(),
                            ": two tensors are named ", tensor.name, ", expected different names");
    const index_t end = offset + tensor.numel() * static_cast<index_t>(sizeof(T));
    Json::Array shape(tensor.shape.begin(), tensor.shape.end());
    header.as_object().emplace_back(tensor.name, Json::Object{{"dtype", sizeof(T) == 4 ? "F32" : "F64"},
                                                              {"shape", std::move(shape)},
                                                              {"data_offsets", Json::Array{offset, end}}});
    offset = end;
  }
  std::string text = header.dump();
  text.append((8 - text.size() % 8) % 8, ' ');
  const auto header_length = static_cast<std::uint64_t>(text.size());

  AtomicFile file(path);
  file.write({reinterpret_cast<const char*>(&header_length), sizeof header_length});
  file.write(text);
  for (const SafetensorsTensor<T>& tensor : tensors)
    file.write({reinterpret_cast<const char*>(tensor.data), core::usize(tensor.numel()) * sizeof(T)});
  file.commit();
}

#ifdef MINIBERT_COMPILED
#define MINIBERT_INSTANTIATE(T)                                                           \
  template void SafetensorsReader::read(std::string_view, const Shape&, T*) const;        \
  template void SafetensorsReader::read(const SafetensorsEntry&, const Shape&, T*) const; \
  template void SafetensorsReader::copy(const SafetensorsEntry&, T*) const;               \
  template void write_safetensors(const std::filesystem::path&, std::vector<SafetensorsTensor<T>>);
MINIBERT_INSTANTIATE(float)
MINIBERT_INSTANTIATE(double)
#undef MINIBERT_INSTANTIATE
#endif

}  // namespace minibert
