#ifdef MINIBERT_HAS_ZLIB
#include <zlib.h>
#endif
#ifdef MINIBERT_HAS_ZSTD
#include <zstd.h>
#endif
#include <doctest/doctest.h>

#include <sys/stat.h>

#include <algorithm>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <minibert/core/error.hpp>
#include <minibert/io/file.hpp>
#include <minibert/io/text_stream.hpp>

#include "support/test_data.hpp"

namespace {

using namespace minibert;
using minibert::testing::TemporaryDirectory;
using Paths = std::vector<std::filesystem::path>;

std::vector<std::string> blocks_of(const std::filesystem::path& path, index_t block_size) {
  TextStream stream(path, {}, block_size);
  std::vector<std::string> blocks;
  for (std::string_view block; !(block = stream.next()).empty();) blocks.emplace_back(block);
  CHECK(stream.next().empty());
  CHECK(stream.bytes_read() == stream.file_size());
  CHECK(Fingerprint().add(stream.fingerprint()).value() == fingerprint_of(Paths{path}));
  return blocks;
}

std::string joined(const std::vector<std::string>& blocks) {
  std::string text;
  for (const std::string& block : blocks) text += block;
  return text;
}

/// Returns several megabytes of lines, some of them long.
std::string many_lines() {
  std::string text;
  for (int i = 0; i < 200000; ++i) text += std::to_string(i * 7919LL) + (i % 10 == 0 ? "\n" : " ");
  return text;
}

#ifdef MINIBERT_HAS_ZLIB
std::string gzip(std::string_view text) {
  std::string out(text.size() + 1000, '\0');
  z_stream stream = {};
  REQUIRE(deflateInit2(&stream, 6, Z_DEFLATED, MAX_WBITS + 16, 8, Z_DEFAULT_STRATEGY) == Z_OK);
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  REQUIRE(deflate(&stream, Z_FINISH) == Z_STREAM_END);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}
#endif

#ifdef MINIBERT_HAS_ZSTD
std::string zstd(std::string_view text) {
  std::string out(ZSTD_compressBound(text.size()), '\0');
  ZSTD_CCtx* context = ZSTD_createCCtx();
  ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1);
  const std::size_t size = ZSTD_compress2(context, out.data(), out.size(), text.data(), text.size());
  ZSTD_freeCCtx(context);
  REQUIRE(ZSTD_isError(size) == 0);
  out.resize(size);
  return out;
}
#endif

TEST_CASE("blocks are whole lines, as many as fit") {
  const TemporaryDirectory folder;
  io::write_file(folder / "text", "one\ntwo\n\nthree\nfour");
  CHECK(blocks_of(folder / "text", 8) == std::vector<std::string>{"one\ntwo\n", "\nthree\n", "four"});
  CHECK(blocks_of(folder / "text", 100) == std::vector<std::string>{"one\ntwo\n\nthree\nfour"});
  io::write_file(folder / "text", "one\ntwo\n");
  CHECK(blocks_of(folder / "text", 4) == std::vector<std::string>{"one\n", "two\n"});
  io::write_file(folder / "text", "");
  CHECK(blocks_of(folder / "text", 8).empty());
  io::write_file(folder / "text", "\n");
  CHECK(blocks_of(folder / "text", 8) == std::vector<std::string>{"\n"});
}

TEST_CASE("a line longer than a block comes whole") {
  const TemporaryDirectory folder;
  const std::string line(1000, 'x');
  io::write_file(folder / "text", "a\n" + line + "\nb\n" + line);
  const auto blocks = blocks_of(folder / "text", 16);
  CHECK(joined(blocks) == "a\n" + line + "\nb\n" + line);
  for (const std::string& block : blocks) CHECK((block.back() == '\n' || &block == &blocks.back()));
  CHECK(blocks.front() == "a\n");
}

TEST_CASE("any block size gives the text") {
  const TemporaryDirectory folder;
  const std::string text = many_lines();
  REQUIRE(text.size() > 1 << 20);
  io::write_file(folder / "text", text);
  for (const index_t size : {1, 1000, 1 << 20, (1 << 20) + 1, 1 << 24})
    CHECK(joined(blocks_of(folder / "text", size)) == text);
}

TEST_CASE("a byte order mark of UTF-8 is skipped, at the start only") {
  const TemporaryDirectory folder;
  for (const index_t size : {1, 8, 1000}) {
    io::write_file(folder / "text", "\xEF\xBB\xBFone\n\xEF\xBB\xBFtwo\n");
    CHECK(joined(blocks_of(folder / "text", size)) == "one\n\xEF\xBB\xBFtwo\n");
    io::write_file(folder / "text", "\xEF\xBB\xBF");
    CHECK(blocks_of(folder / "text", size).empty());
  }
}

TEST_CASE("\\r ends lines only in a text without \\n") {
  const TemporaryDirectory folder;
  for (const index_t size : {1, 8, 1000}) {
    io::write_file(folder / "text", "one\rtwo\r\rthree");
    CHECK(joined(blocks_of(folder / "text", size)) == "one\ntwo\n\nthree");
    for (const std::string text : {"one\r\ntwo\r\n", "a\rb\nc\rd", "\r\n", "one line"}) {
      io::write_file(folder / "text", text);
      CHECK(joined(blocks_of(folder / "text", size)) == text);
    }
  }
  std::string text;
  while (core::length(text) < TextStream::kBlockSize + 1000) text += "a line that ends as on an old Mac\r";
  io::write_file(folder / "text", text);
  std::string expected = text;
  std::replace(expected.begin(), expected.end(), '\r', '\n');
  CHECK((joined(blocks_of(folder / "text", TextStream::kBlockSize)) == expected));
}

TEST_CASE("texts in memory are read like files") {
  const std::string_view texts[] = {"\xEF\xBB\xBFone\ntwo\n", "3\r4", ""};
  std::vector<std::pair<std::string, index_t>> blocks;
  const auto add = [&](std::string_view block, index_t text) { blocks.emplace_back(block, text); };
  for_each_block(std::span(texts), {}, add);
  CHECK(blocks == std::vector<std::pair<std::string, index_t>>{{"one\ntwo\n", 0}, {"3\n4", 1}});
  const std::string_view wrong[] = {"one\n", "th\xE9\n"};
  CHECK_THROWS_WITH_AS(for_each_block(std::span(wrong), {}, add), doctest::Contains("text 2: 1 of 1 line is not UTF-8"),
                       FormatError);
  for_each_block(std::span(wrong), {}, add, {.allow_invalid_utf8 = true, .notice = {}});
}

TEST_CASE("lines that are not UTF-8 are an error at the end of their file, or a notice") {
  const TemporaryDirectory folder;
  io::write_file(folder / "text", "\xEF\xBB\xBFth\u00E9\nth\xE9\n");
  CHECK_THROWS_WITH_AS(blocks_of(folder / "text", 4), doctest::Contains("line 2, with byte 0xE9 at offset 10"),
                       FormatError);
  std::vector<std::string> notices;
  TextOptions options{.allow_invalid_utf8 = true};
  options.notice = [&](std::string_view notice) { notices.emplace_back(notice); };
  TextStream stream(folder / "text", options);
  while (!stream.next().empty()) continue;
  CHECK(stream.next().empty());
  REQUIRE(notices.size() == 1);
  CHECK(notices[0].starts_with("warning: " + (folder / "text").string() + ": 1 of 2 lines is not UTF-8: line 2"));
}

TEST_CASE("what cannot be read is named") {
  const TemporaryDirectory folder;
  CHECK_THROWS_WITH_AS(TextStream(folder / "absent"),
                       ((folder / "absent").string() + ": cannot open: No such file or directory").c_str(), IoError);
  CHECK_THROWS_WITH_AS(TextStream(folder.path()),
                       (folder.path().string() + ": not a regular file, but a folder, pipe or device").c_str(),
                       IoError);
  REQUIRE(mkfifo((folder / "pipe").c_str(), 0600) == 0);
  CHECK_THROWS_WITH_AS(TextStream(folder / "pipe"),
                       ((folder / "pipe").string() + ": not a regular file, but a folder, pipe or device").c_str(),
                       IoError);
  io::write_file(folder / "text", "text\n");
  bool was_read = false;
  CHECK_THROWS_AS(for_each_block(Paths{folder / "text", folder / "absent"}, {}, [&](auto, auto) { was_read = true; }),
                  IoError);
  CHECK_FALSE(was_read);
}

TEST_CASE("several files: every block with its file's number; progress counts all bytes") {
  const TemporaryDirectory folder;
  io::write_file(folder / "a", "1\n2");
  io::write_file(folder / "b", "");
  io::write_file(folder / "c", "3\n");
  std::vector<std::pair<std::string, index_t>> blocks;
  std::vector<std::pair<index_t, index_t>> progress;
  const Paths files = {folder / "a", folder / "b", folder / "c"};
  const std::uint64_t fingerprint = for_each_block(
      files, [&](index_t done, index_t total) { progress.emplace_back(done, total); },
      [&](std::string_view block, index_t file) { blocks.emplace_back(block, file); });
  CHECK(blocks == std::vector<std::pair<std::string, index_t>>{{"1\n2", 0}, {"3\n", 2}});
  CHECK(progress == std::vector<std::pair<index_t, index_t>>{{3, 5}, {5, 5}});
  CHECK(fingerprint == fingerprint_of(files));
}

TEST_CASE("the fingerprint follows every byte, the order of the files and where one ends") {
  const TemporaryDirectory folder;
  std::string text = many_lines();
  io::write_file(folder / "a", text);
  io::write_file(folder / "b", "1\n");
  const std::uint64_t both = fingerprint_of(Paths{folder / "a", folder / "b"});
  CHECK(fingerprint_of(Paths{folder / "b", folder / "a"}) != both);
  io::write_file(folder / "c", text + "1\n");
  CHECK(fingerprint_of(Paths{folder / "c"}) != both);
  for (const std::size_t place : {std::size_t{0}, text.size() / 2, text.size() - 1}) {
    text[place] ^= 1;
    io::write_file(folder / "a", text);
    CHECK(fingerprint_of(Paths{folder / "a", folder / "b"}) != both);
    text[place] ^= 1;
  }
  io::write_file(folder / "a", text);
  CHECK(fingerprint_of(Paths{folder / "a", folder / "b"}) == both);
}

/// Tests reading of files that `compress` compresses. The same tests apply to gzip and zstd.
[[maybe_unused]] void check_compressed(std::string (*compress)(std::string_view)) {
  const TemporaryDirectory folder;
  const std::string text = many_lines();
  const std::string packed = compress(text), path = (folder / "text.txt").string();
  io::write_file(path, packed);
  CHECK(joined(blocks_of(path, 1 << 16)) == text);
  CHECK(joined(blocks_of(path, 1 << 24)) == text);
  io::write_file(path, packed + compress("") + compress("more\n"));  // three compressed members in one file
  CHECK(joined(blocks_of(path, 1 << 16)) == text + "more\n");
  io::write_file(path, compress(""));
  CHECK(blocks_of(path, 100).empty());

  const auto message = [&](const std::string& contents) {
    io::write_file(path, contents);
    try {
      blocks_of(path, 1 << 16);
      return std::string("no error");
    } catch (const FormatError& error) {
      return std::string(error.what());
    }
  };
  for (const std::size_t size : {std::size_t{5}, packed.size() / 2, packed.size() - 1}) {
    const std::string cut = message(packed.substr(0, size));
    CHECK_MESSAGE(cut.starts_with(path + ": damaged "), cut);
    CHECK_MESSAGE(cut.ends_with("the file ends before the compressed text does; copy the file again"), cut);
  }
  std::string flipped = packed;
  flipped[packed.size() / 2] ^= 16;
  CHECK_MESSAGE(message(flipped).starts_with(path + ": damaged "), message(flipped));
  flipped = packed;
  io::write_file(path, compress(std::string("\xFF\xFEt\0", 4)));
  CHECK_THROWS_WITH_AS(blocks_of(path, 1 << 16), doctest::Contains("text in UTF-16"), FormatError);
  io::write_file(path, compress(packed));
  CHECK_THROWS_WITH_AS(blocks_of(path, 1 << 16), doctest::Contains("more than once"), FormatError);
  io::write_file(folder / "text.jsonl.gz", compress("{\"text\": \"x\"}\n"));
  CHECK(joined(blocks_of(folder / "text.jsonl.gz", 1 << 16)) == "x\n");
  flipped[packed.size() - 3] ^= 1;  // a byte of the checksum or of the size
  CHECK_MESSAGE(message(flipped).starts_with(path + ": damaged "), message(flipped));
  CHECK_MESSAGE(message(packed + "rubbish").starts_with(path + ": damaged "), message(packed + "rubbish"));
}

#ifdef MINIBERT_HAS_ZLIB
TEST_CASE("gzip") {
  check_compressed(gzip);
  const TemporaryDirectory folder;
  io::write_file(folder / "text", gzip("padded\n") + std::string(700, '\0'));
  CHECK(joined(blocks_of(folder / "text", 100)) == "padded\n");
}
#else
TEST_CASE("gzip without zlib") {
  const TemporaryDirectory folder;
  io::write_file(folder / "text", "\x1F\x8B");
  CHECK_THROWS_AS(TextStream(folder / "text"), ValueError);
}
#endif

#ifdef MINIBERT_HAS_ZSTD
TEST_CASE("zstd") {
  check_compressed(zstd);
  const TemporaryDirectory folder;
  io::write_file(folder / "text", std::string("\x51\x2A\x4D\x18\x02\0\0\0ab", 10) + zstd("after a frame to skip\n"));
  CHECK(joined(blocks_of(folder / "text", 100)) == "after a frame to skip\n");

  // A frame as `zstd --long=28` writes it: a window of 2^28 bytes, and one uncompressed block.
  io::write_file(folder / "text", std::string("\x28\xB5\x2F\xFD\x00\x90\x29\x00\x00line\n", 14));
  CHECK(joined(blocks_of(folder / "text", 100)) == "line\n");
}
#else
TEST_CASE("zstd without its library") {
  const TemporaryDirectory folder;
  io::write_file(folder / "text", "\x28\xB5\x2F\xFD");
  CHECK_THROWS_AS(TextStream(folder / "text"), ValueError);
}
#endif

}  // namespace
