#include <minibert/io/detail/text_signature.hpp>

#include <string>
#include <string_view>

#include <doctest/doctest.h>

#include <minibert/core/error.hpp>
#include <minibert/io/file.hpp>
#include <minibert/io/text_stream.hpp>

#include "support/test_data.hpp"

namespace {

using namespace minibert;
using namespace std::string_view_literals;

/// Returns the message with which bytes are refused, or "" if they may be text.
std::string refusal(std::string_view bytes) {
  try {
    io::detail::check_is_text(bytes, "file");
    return "";
  } catch (const FormatError& error) {
    return error.what();
  }
}

/// Returns ASCII text in an encoding in which a character takes `width` bytes.
std::string widened(std::string_view text, int width, bool is_big_endian) {
  std::string wide;
  for (const char c : text) {
    const std::string zeros(static_cast<std::size_t>(width - 1), '\0');
    wide += is_big_endian ? zeros + c : c + zeros;
  }
  return wide;
}

TEST_CASE("files that are not text are refused by name, with the way out") {
  CHECK(refusal("BZh91AY&SY\x01\x02") ==
        "file: is compressed with bzip2, expected text in UTF-8, plain or compressed with gzip or zstd; decompress it "
        "with `bzip2 -d`");
  const struct {
    std::string_view bytes, what, way_out;
  } cases[] = {{"BZh9\x17rE8P\x90", "compressed with bzip2", "`bzip2 -d`"},
               {"\xFD\x37zXZ\0"sv, "compressed with xz", "`xz -d`"},
               {"\x5D\0\0\x80\0"sv, "compressed with lzma", "`xz -d`"},
               {"PK\x03\x04\x14\0\0\0text.txt"sv, "a zip archive", "`unzip`"},
               {"PK\x03\x04\x14\0\0\0[Content_Types].xml"sv, "docx", "plain text"},
               {"PK\x03\x04\x14\0mimetypeapplication/vnd.oasis.opendocument.text"sv, "OpenDocument", "plain text"},
               {"7z\xBC\xAF\x27\x1C", "a 7z archive", "`7z x`"},
               {"Rar!\x1A\x07\x01", "a rar archive", "unrar"},
               {"\x04\x22\x4D\x18", "lz4", "`lz4 -d`"},
               {"\x1F\x9D\x90", "compress", "`gzip -d`"},
               {"%PDF-1.7\n", "a PDF document", "pdftotext"},
               {"{\\rtf1\\ansi", "an RTF document", "plain text"},
               {"PAR1\x15\x04", "a Parquet file", "write its text"},
               {"\xFF\xFE\x41\x30", "text in UTF-16", "`iconv -f UTF-16 -t UTF-8`"},
               {"\xFE\xFF\x30\x41", "text in UTF-16", "`iconv -f UTF-16 -t UTF-8`"},
               {"\xFF\xFE\0\0a\0\0\0"sv, "text in UTF-32", "`iconv -f UTF-32 -t UTF-8`"},
               {"\0\0\xFE\xFF\0\0\0a"sv, "text in UTF-32", "`iconv -f UTF-32 -t UTF-8`"}};
  for (const auto& c : cases) {
    const std::string message = refusal(c.bytes);
    CHECK_MESSAGE(message.find(std::string("file: is ")) == 0, message);
    CHECK_MESSAGE(message.find(c.what) != message.npos, message);
    CHECK_MESSAGE(message.find(c.way_out) != message.npos, message);
  }
  std::string tar(512, ' ');
  tar.replace(257, 5, "ustar");
  CHECK(refusal(tar).find("a tar archive") != std::string::npos);
}

TEST_CASE("text with many NUL bytes is refused, with the encoding it looks like") {
  const std::string line = "and god said let there be light\n";
  CHECK(refusal(widened(line, 2, false)) ==
        "file: 32 of the first 64 bytes are NUL, the first at offset 1, expected text in UTF-8; if it is text in "
        "another encoding, convert it, for example with `iconv -f UTF-16LE -t UTF-8`");
  CHECK(refusal(widened(line, 2, true)).find("`iconv -f UTF-16BE -t UTF-8`") != std::string::npos);
  CHECK(refusal(widened(line, 4, false)).find("`iconv -f UTF-32LE -t UTF-8`") != std::string::npos);
  CHECK(refusal(widened(line, 4, true)).find("`iconv -f UTF-32BE -t UTF-8`") != std::string::npos);
  CHECK(refusal(std::string(1000, 'x') + '\0').empty());
}

TEST_CASE("text that begins like a signature is text") {
  for (const std::string_view text : {"", "B", "BZh", "BZh9 is how bzip2 begins\n", "PK is a name\n", "7z\n", "PAR\n",
                                      "\xEF\xBB\xBFtext with a mark\n", "%PD", "\u0D85\u0DB8\u0DCA\u0DB8\u0DCF\n"})
    CHECK(refusal(text).empty());
}

TEST_CASE("a stream refuses such a file when it is opened") {
  const testing::TemporaryDirectory folder;
  io::write_file(folder / "text.txt", "BZh91AY&SY\x01\x02");
  CHECK_THROWS_AS(TextStream(folder / "text.txt"), FormatError);
  const std::string_view text = "\xFF\xFEt\0"sv;
  CHECK_THROWS_AS(for_each_block(std::span(&text, 1), {}, [](auto, auto) {}), FormatError);
}

}  // namespace
