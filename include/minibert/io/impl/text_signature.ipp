// Definitions of io/detail/text_signature.hpp.
#pragma once

#include <algorithm>

#include <minibert/core/error.hpp>
#include <minibert/core/types.hpp>
#include <minibert/io/detail/text_signature.hpp>

namespace minibert::io::detail {

/// A format that is not text: its first bytes, its name and how to make text of it.
struct Signature {
  std::string_view bytes, what, way_out;
};

inline constexpr std::string_view kSaveAsText = "save it as plain text in UTF-8";

// UTF-32 must precede UTF-16, because its mark begins with the mark of UTF-16.
inline constexpr Signature kSignatures[] = {
    {{"\xFF\xFE\0\0", 4}, "text in UTF-32", "convert it with `iconv -f UTF-32 -t UTF-8`"},
    {{"\0\0\xFE\xFF", 4}, "text in UTF-32", "convert it with `iconv -f UTF-32 -t UTF-8`"},
    {"\xFF\xFE", "text in UTF-16", "convert it with `iconv -f UTF-16 -t UTF-8`"},
    {"\xFE\xFF", "text in UTF-16", "convert it with `iconv -f UTF-16 -t UTF-8`"},
    {"\x1F\x8B", "compressed with gzip more than once", "decompress it with `gzip -d`"},
    {"\x28\xB5\x2F\xFD", "compressed with zstd more than once", "decompress it with `zstd -d`"},
    {"\xFD\x37zXZ", "compressed with xz", "decompress it with `xz -d`"},
    {{"\x5D\0\0", 3}, "compressed with lzma", "decompress it with `xz -d`"},
    {"\x04\x22\x4D\x18", "compressed with lz4", "decompress it with `lz4 -d`"},
    {"\x89LZO", "compressed with lzop", "decompress it with `lzop -d`"},
    {"LZIP\x01", "compressed with lzip", "decompress it with `lzip -d`"},
    {"\x1F\x9D", "compressed with compress", "decompress it with `gzip -d`"},
    {"7z\xBC\xAF\x27\x1C", "a 7z archive", "unpack it with `7z x`"},
    {"Rar!\x1A\x07", "a rar archive", "unpack it with `unrar x`"},
    {"%PDF-", "a PDF document", "extract its text with `pdftotext -enc UTF-8`"},
    {"{\\rtf", "an RTF document", kSaveAsText},
    {"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1", "an old Microsoft Office document", kSaveAsText},
    {"PAR1\x15", "a Parquet file", "write its text to a file, one sequence per line"},
    {{"ARROW1\0\0", 8}, "an Arrow file", "write its text to a file, one sequence per line"},
    {{"SQLite format 3\0", 16}, "an SQLite database", "write its text to a file, one sequence per line"},
};

/// Returns the format of a zip archive, which office documents and electronic books are, too.
MINIBERT_INLINE Signature zip_signature(std::string_view bytes) {
  const auto has = [&](std::string_view part) { return bytes.find(part) != bytes.npos; };
  if (has("mimetypeapplication/vnd.oasis.opendocument")) return {"", "an OpenDocument file", kSaveAsText};
  if (has("mimetypeapplication/epub")) return {"", "an electronic book (EPUB)", kSaveAsText};
  if (has("[Content_Types].xml")) return {"", "a Microsoft Office document (docx, xlsx or pptx)", kSaveAsText};
  return {"", "a zip archive", "unpack it with `unzip`"};
}

/// Guesses the encoding of data with many NUL bytes from their positions: ASCII characters in UTF-16 have one NUL byte,
/// in UTF-32 three. Returns its name for `iconv -f`.
MINIBERT_INLINE std::string_view conversion_from(std::string_view bytes) {
  index_t nuls[4] = {};  // by the position modulo 4
  for (std::size_t i = 0; i < bytes.size(); ++i) nuls[i % 4] += bytes[i] == '\0';
  const index_t even = nuls[0] + nuls[2], odd = nuls[1] + nuls[3], quarter = core::length(bytes) / 4;
  if (nuls[1] + nuls[2] + nuls[3] > 2 * quarter && nuls[0] < quarter / 2) return "UTF-32LE";
  if (nuls[0] + nuls[1] + nuls[2] > 2 * quarter && nuls[3] < quarter / 2) return "UTF-32BE";
  return odd > even ? "UTF-16LE" : "UTF-16BE";
}

[[noreturn]] MINIBERT_INLINE void refuse(const std::string& source, std::string_view what, std::string_view way_out) {
  core::raise<FormatError>(source, ": is ", what, ", expected text in UTF-8, plain or compressed with gzip or zstd; ",
                           way_out);
}

MINIBERT_INLINE void check_is_text(std::string_view first_bytes, const std::string& source) {
  for (const Signature& signature : kSignatures)
    if (first_bytes.starts_with(signature.bytes)) refuse(source, signature.what, signature.way_out);
  // Text may begin with "BZh" or "PK". So bzip2 and zip are recognized by more bytes than these.
  const std::string_view after_level = first_bytes.substr(std::min<std::size_t>(4, first_bytes.size()));
  if (first_bytes.starts_with("BZh") && (after_level.starts_with("1AY&SY") || after_level.starts_with("\x17rE8P\x90")))
    refuse(source, "compressed with bzip2", "decompress it with `bzip2 -d`");
  if (first_bytes.starts_with("PK\x03\x04") || first_bytes.starts_with("PK\x05\x06")) {
    const Signature zip = zip_signature(first_bytes);
    refuse(source, zip.what, zip.way_out);
  }
  constexpr std::size_t kTarMagic = 257;
  if (first_bytes.size() > kTarMagic && first_bytes.substr(kTarMagic).starts_with("ustar"))
    refuse(source, "a tar archive", "unpack it with `tar -xf`");

  constexpr std::size_t kProbe = 1 << 16;
  const std::string_view probe = first_bytes.substr(0, kProbe);
  const index_t nuls = std::count(probe.begin(), probe.end(), '\0');
  if (100 * nuls > core::length(probe))
    core::raise<FormatError>(
        source, ": ", nuls, " of the first ", core::length(probe), " bytes are NUL, the first at offset ",
        static_cast<index_t>(probe.find('\0')),
        ", expected text in UTF-8; if it is text in another encoding, convert it, for example with `iconv -f ",
        conversion_from(probe), " -t UTF-8`");
}

}  // namespace minibert::io::detail
