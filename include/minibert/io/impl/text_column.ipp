// Definitions of io/detail/text_column.hpp.
#pragma once

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include <minibert/core/error.hpp>
#include <minibert/core/types.hpp>
#include <minibert/core/utf8.hpp>
#include <minibert/io/detail/text_column.hpp>
#include <minibert/io/json.hpp>
#include <minibert/io/lines.hpp>

namespace minibert::io::detail {

/// Appends a text as one line.
MINIBERT_INLINE void append_line(std::string_view text, std::string& lines) {
  const std::size_t begin = lines.size();
  lines += text;
  std::replace(lines.begin() + static_cast<index_t>(begin), lines.end(), '\n', ' ');
  lines += '\n';
}

MINIBERT_INLINE index_t count_lines(std::string_view text) { return std::count(text.begin(), text.end(), '\n'); }

/// Returns the first kMost names in quotes, separated by commas.
MINIBERT_INLINE std::string quoted_list(const std::vector<std::string_view>& names) {
  constexpr std::size_t kMost = 10;
  std::string list;
  for (std::size_t i = 0; i < std::min(names.size(), kMost); ++i)
    list += core::concat(i == 0 ? "\"" : ", \"", names[i], "\"");
  if (names.size() > kMost) list += ", …";
  return list.empty() ? "none" : list;
}

/// Takes a string member out of JSON objects, one object per line. Uses all threads.
class JsonLinesColumn final : public TextColumn {
 public:
  JsonLinesColumn(std::string source, const TextOptions& options)
      : source_(std::move(source)), key_(options.text_column_name), repairs_(options.allow_invalid_utf8) {}

  std::string_view next(std::string_view lines) override {
    constexpr index_t kChunk = 1 << 16;  // bytes
    const index_t count = num_chunks(core::length(lines), kChunk);
    if (core::length(chunks_) < count) chunks_.resize(core::usize(count));
    parallel_for_lines(lines, kChunk, [&](std::string_view piece, index_t i) {
      std::string& texts = core::at(chunks_, i);
      texts.clear();
      for_each_line(piece, [&](std::string_view line) {
        if (line.find_first_not_of(" \t\r") != line.npos) append_line(text_of(line, lines), texts);
      });
    });
    texts_.clear();
    for (index_t i = 0; i < count; ++i) texts_ += core::at(chunks_, i);
    num_lines_ += count_lines(lines);
    return texts_;
  }
  void finish() const override {}

 private:
  /// Returns the text of a record. `lines` is the block that the record belongs to.
  std::string text_of(std::string_view line, std::string_view lines) const {
    const auto where = [&] {
      const auto before = core::usize(line.data() - lines.data());
      return core::concat(source_, ":", num_lines_ + count_lines(lines.substr(0, before)) + 1);
    };
    Json record = parsed(line, where);
    const Json* text = record.find(key_);
    if (text == nullptr && record.is_object()) {
      std::vector<std::string_view> keys;
      for (const Json::Member& member : record.as_object()) keys.push_back(member.first);
      core::raise<FormatError>(where(), ": has no key \"", key_, "\", found ", quoted_list(keys),
                               "; set text_column_name to the key that holds the text");
    }
    if (!record.is_object())  // where() takes long
      core::raise<FormatError>(where(), ": is not an object, expected one JSON object per line",
                               record.is_array() ? "; if the file is one array, convert it with `jq -c '.[]'`" : "");
    if (!text->is_string())
      core::raise<FormatError>(where(), ": the value of \"", key_, "\" is ", described(*text), ", expected a string");
    return text->as_string();
  }

  template <class Where>
  Json parsed(std::string_view line, const Where& where) const {
    std::string repaired;
    if (!core::utf8::is_valid(line)) {
      if (!repairs_)
        core::raise<FormatError>(where(), ": is not UTF-8 from byte ", core::utf8::find_invalid(line),
                                 " on; convert the file, for example with `iconv -f LATIN1 -t UTF-8`, or set "
                                 "allow_invalid_utf8 to lose characters where it is not UTF-8");
      core::utf8::for_each_character(line, [&](char32_t c) { core::utf8::append(repaired, c); });
      line = repaired;
    }
    try {
      return Json::parse(line, "");
    } catch (const FormatError& error) {
      // The message begins ":1:column: ", because the parser sees one line.
      std::string_view what = error.what();
      if (what.ends_with('.')) what.remove_suffix(1);
      const bool is_array =
          line.find_first_not_of(" \t\r") != line.npos && line[line.find_first_not_of(" \t\r")] == '[';
      core::raise<FormatError>(where(), what.starts_with(":1:") ? what.substr(2) : what,
                               ", expected one JSON object per line",
                               is_array ? "; if the file is one array, convert it with `jq -c '.[]'`" : "");
    }
  }

  static std::string described(const Json& value) {
    return value.is_object() ? "an object" : value.is_array() ? "an array" : value.dump();
  }

  std::string source_, key_;
  bool repairs_;
  index_t num_lines_ = 0;            // lines before this block
  std::vector<std::string> chunks_;  // the texts of each chunk of a block
  std::string texts_;
};

/// Takes a column out of CSV as RFC 4180 describes it: a header, commas, and quotes around fields with commas, quotes
/// or line breaks.
class CsvColumn final : public TextColumn {
 public:
  CsvColumn(std::string source, const TextOptions& options)
      : source_(std::move(source)), name_(options.text_column_name) {}

  std::string_view next(std::string_view lines) override {
    texts_.clear();
    if (!rest_.empty()) {
      rest_ += lines;
      lines = rest_;
    }
    while (!lines.empty()) {
      const std::size_t size = read_record(lines);
      if (size == 0) break;
      add_record();
      num_lines_ += count_lines(lines.substr(0, size));
      lines.remove_prefix(size);
    }
    constexpr std::size_t kLongest = 1 << 26;
    if (lines.size() > kLongest) raise_open_quote("within 64 MB");
    std::string rest(lines);  // lines may be part of rest_
    rest_ = std::move(rest);
    return texts_;
  }

  void finish() const override {
    if (!rest_.empty()) raise_open_quote("before the file does");
  }

 private:
  /// Reads the fields of the first record, and returns its size in bytes; 0 if its last quoted field does not end.
  std::size_t read_record(std::string_view text) {
    num_fields_ = 0;
    for (std::size_t i = 0;;) {
      std::string& field = next_field();
      if (i < text.size() && text[i] == '"') {
        i = read_quoted(text, i, field);
        if (i == 0) return 0;
      } else {
        const std::size_t begin = i;
        while (i < text.size() && text[i] != ',' && text[i] != '\n') ++i;
        const bool has_return = i > begin && text[i - 1] == '\r' && (i == text.size() || text[i] == '\n');
        field.assign(text, begin, i - begin - (has_return ? 1 : 0));
      }
      if (i == text.size() || text[i] == '\n') return std::min(i + 1, text.size());
      ++i;
    }
  }

  /// Reads the quoted field that begins at `i`, and returns where it ends; 0 if it does not end.
  std::size_t read_quoted(std::string_view text, std::size_t i, std::string& field) const {
    const std::size_t begin = i;
    for (++i;;) {
      const std::size_t quote = text.find('"', i);
      if (quote == text.npos) return 0;
      field.append(text, i, quote - i);
      i = quote + 1;
      if (i == text.size() || text[i] != '"') break;
      field += '"';
      ++i;
    }
    if (i < text.size() && text[i] == '\r' && (i + 1 == text.size() || text[i + 1] == '\n')) ++i;
    if (i < text.size() && text[i] != ',' && text[i] != '\n')
      core::raise<FormatError>(source_, ":", num_lines_ + count_lines(text.substr(0, begin)) + 1,
                               ": a field has text after its closing quote, expected a comma or the end of the line; "
                               "write a quote within quotes twice");
    return i;
  }

  std::string& next_field() {
    if (num_fields_ == fields_.size()) fields_.emplace_back();
    std::string& field = fields_[num_fields_++];
    field.clear();
    return field;
  }

  void add_record() {
    if (num_fields_ == 1 && num_columns_ != 1 && fields_[0].empty()) return;  // a blank line
    if (num_columns_ == 0) return read_header();
    core::check<FormatError>(num_fields_ == num_columns_, source_, ":", num_lines_ + 1, ": has ", num_fields_,
                             num_fields_ == 1 ? " field" : " fields", ", expected ", num_columns_,
                             " as in the header; put quotes around a field that contains commas");
    append_line(fields_[column_], texts_);
  }

  void read_header() {
    const std::vector<std::string_view> names(fields_.begin(), fields_.begin() + static_cast<index_t>(num_fields_));
    const auto found = std::find(names.begin(), names.end(), name_);
    if (found == names.end())
      core::raise<FormatError>(source_, ":", num_lines_ + 1, ": has no column \"", name_, "\", found ",
                               quoted_list(names),
                               names.size() == 1 && names[0].find_first_of(";\t") != std::string_view::npos
                                   ? "; separate the columns by commas"
                                   : "; set text_column_name to the column that holds the text");
    column_ = static_cast<std::size_t>(found - names.begin());
    num_columns_ = num_fields_;
  }

  [[noreturn]] void raise_open_quote(std::string_view where) const {
    core::raise<FormatError>(source_, ":", num_lines_ + 1, ": a field that begins with a quote does not end ", where,
                             ", expected a closing quote; write a quote within quotes twice");
  }

  std::string source_, name_;
  index_t num_lines_ = 0;  // lines before the record
  std::vector<std::string> fields_;
  std::size_t num_fields_ = 0, num_columns_ = 0, column_ = 0;
  std::string rest_;  // the beginning of a record that is not complete yet
  std::string texts_;
};

MINIBERT_INLINE std::unique_ptr<TextColumn> make_text_column(const std::filesystem::path& path,
                                                             const TextOptions& options) {
  switch (text_format(path)) {
    case TextFormat::json_lines:
      return std::make_unique<JsonLinesColumn>(path.string(), options);
    case TextFormat::csv:
      return std::make_unique<CsvColumn>(path.string(), options);
    case TextFormat::lines:
      break;
  }
  return nullptr;
}

}  // namespace minibert::io::detail
