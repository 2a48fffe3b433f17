// Recognizes files that are not text in UTF-8 by their first bytes.
#pragma once

#include <string>
#include <string_view>

namespace minibert::io::detail {

/// Refuses bytes that are the beginning of a file in another format or encoding: archives, other compressions, office
/// documents, PDF, Parquet, UTF-16, UTF-32, and other data with many NUL bytes.
/// source: the name of the file in error messages.
/// @throws FormatError that names the format, and says how to make text of it
void check_is_text(std::string_view first_bytes, const std::string& source);

}  // namespace minibert::io::detail

#ifndef MINIBERT_COMPILED
#include <minibert/io/impl/text_signature.ipp>
#endif
