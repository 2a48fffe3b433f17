#include <doctest/doctest.h>

#include <set>
#include <string>

#include <minibert/core/error.hpp>
#include <minibert/io/file.hpp>
#include <minibert/io/fingerprint.hpp>

#include "support/test_data.hpp"

namespace {

using minibert::Fingerprint;

TEST_CASE("every flipped bit, length and boundary changes the fingerprint") {
  const std::string text = "a text that is longer than two words of eight bytes";
  std::set<std::uint64_t> seen = {Fingerprint().add(text).value()};
  std::size_t variants = 1;
  for (std::size_t byte = 0; byte < text.size(); ++byte)
    for (int bit = 0; bit < 8; ++bit, ++variants) {
      std::string flipped = text;
      flipped[byte] = static_cast<char>(flipped[byte] ^ (1 << bit));
      seen.insert(Fingerprint().add(flipped).value());
    }
  for (std::size_t n = 0; n < text.size(); ++n, ++variants) seen.insert(Fingerprint().add(text.substr(0, n)).value());
  for (std::size_t n = 0; n < text.size(); ++n, ++variants)
    seen.insert(Fingerprint().add(text.substr(0, n)).add(text.substr(n)).value());
  CHECK(seen.size() == variants);
}

TEST_CASE("trailing zero bytes count") {
  CHECK(Fingerprint().add("a").value() != Fingerprint().add(std::string_view("a\0", 2)).value());
}

TEST_CASE("a string may come in parts") {
  const std::string_view text = "a text that is longer than two words of eight bytes";
  Fingerprint parts;
  parts.add(std::uint64_t{text.size()})
      .add_part(text.substr(0, 16))
      .add_part(text.substr(16, 8))
      .add_part(text.substr(24));
  CHECK(parts.value() == Fingerprint().add(text).value());
}

TEST_CASE("a file has the fingerprint of its contents, and its size is reported part by part") {
  const minibert::testing::TemporaryDirectory folder;
  const std::string contents(3'000'001, 'x');  // several reads; the size is not a multiple of 8
  minibert::io::write_file(folder / "file", contents);
  minibert::io::write_file(folder / "empty", "");
  minibert::index_t size = 0, parts = 0;
  const Fingerprint fingerprint = minibert::file_fingerprint(folder / "file", [&](minibert::index_t bytes) {
    size += bytes;
    ++parts;
  });
  CHECK(fingerprint.value() == Fingerprint().add(contents).value());
  CHECK(size == minibert::core::length(contents));
  CHECK(parts > 1);
  CHECK(minibert::file_fingerprint(folder / "empty").value() == Fingerprint().add("").value());
  CHECK_THROWS_AS(minibert::file_fingerprint(folder / "absent"), minibert::IoError);
  CHECK_THROWS_AS(minibert::file_fingerprint(folder.path()), minibert::IoError);
}

TEST_CASE("the hexadecimal form has sixteen digits and is stable") {
  CHECK(Fingerprint().hex() == "243f6a8885a308d3");
  CHECK(Fingerprint().add("text").hex().size() == 16);
}

}  // namespace
