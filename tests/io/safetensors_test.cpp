#include <doctest/doctest.h>

#include <cmath>
#include <cstring>
#include <string>
#include <vector>

#include <minibert/io/safetensors.hpp>

#include "support/error_of.hpp"
#include "support/test_data.hpp"

namespace {

using minibert::FormatError;
using minibert::index_t;
using minibert::SafetensorsReader;
using minibert::SafetensorsTensor;
using minibert::testing::TemporaryDirectory;

bool has(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

/// Returns the bytes of a file: the length of the header, the header and the data.
std::string safetensors(const std::string& header, const std::string& data) {
  const std::uint64_t length = header.size();
  std::string file(reinterpret_cast<const char*>(&length), sizeof length);
  return file + header + data;
}

/// Returns the message of the error that reading the bytes throws.
std::string refusal(const std::string& bytes) {
  const TemporaryDirectory folder;
  minibert::io::write_file(folder / "damaged.safetensors", bytes);
  return minibert::testing::error_of<FormatError>([&] { SafetensorsReader reader(folder / "damaged.safetensors"); });
}

std::string entry(const char* name, const char* dtype, const char* shape, const char* offsets) {
  return std::string("\"") + name + R"(":{"dtype":")" + dtype + R"(","shape":)" + shape + R"(,"data_offsets":)" +
         offsets + "}";
}

TEST_CASE_TEMPLATE("tensors come back bit by bit", T, float, double) {
  const TemporaryDirectory folder;
  const std::vector<T> matrix = {T(0.1), T(-2), T(3e-40), T(4), T(-0.0), T(6)}, vector = {T(7)};
  minibert::write_safetensors<T>(folder / "model.safetensors", {{"b.weight", {2, 3}, matrix.data()},
                                                                {"LayerNorm", {1}, vector.data()},
                                                                {"a.none", {0, 4}, nullptr},
                                                                {"scalar", {}, vector.data()}});
  const SafetensorsReader reader(folder / "model.safetensors");
  REQUIRE(reader.entries().size() == 4);
  CHECK(reader.entries()[0].name == "LayerNorm");
  CHECK(reader.entries()[1].numel == 0);
  CHECK(reader.metadata().at("format").as_string() == "pt");
  const auto* weight = reader.find("b.weight");
  REQUIRE(weight != nullptr);
  CHECK(weight->shape == std::vector<index_t>{2, 3});
  CHECK(weight->dtype == (sizeof(T) == 4 ? "F32" : "F64"));
  std::vector<T> back(6);
  reader.copy(*weight, back.data());
  CHECK(std::memcmp(back.data(), matrix.data(), sizeof(T) * 6) == 0);
  CHECK(reader.find("absent") == nullptr);
  CHECK(reader.find("scalar")->numel == 1);
}

TEST_CASE("the file has the bytes that transformers writes") {
  const TemporaryDirectory folder;
  const float values[] = {1.0f, 2.0f};
  minibert::write_safetensors<float>(folder / "f", {{"b", {1}, values + 1}, {"a", {1}, values}});
  std::string header = R"({"__metadata__":{"format":"pt"},"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},)"
                       R"("b":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}})";
  header.append((8 - header.size() % 8) % 8, ' ');
  CHECK(minibert::io::read_file(folder / "f") ==
        safetensors(header, std::string(reinterpret_cast<const char*>(values), sizeof values)));
}

TEST_CASE("a name twice is not written") {
  const TemporaryDirectory folder;
  const float value = 1;
  CHECK_THROWS_AS(minibert::write_safetensors<float>(folder / "f", {{"a", {1}, &value}, {"a", {1}, &value}}),
                  minibert::ValueError);
}

TEST_CASE("16-bit types are widened exactly, from odd addresses too") {
  const std::uint16_t halves[] = {0x3C00, 0xC000, 0x7BFF, 0x0001, 0x0400, 0x8000, 0x7C00, 0xFE00};
  const double expected[] = {1.0, -2.0, 65504.0, 0x1p-24, 0x1p-14, -0.0, INFINITY, NAN};
  const std::uint16_t brains[] = {0x3F80, 0xC000, 0x7F80};
  std::string header = "{" + entry("h", "F16", "[8]", "[1,17]") + "," + entry("b", "BF16", "[3]", "[17,23]") + "," +
                       entry("pad", "U8", "[1]", "[0,1]") + "}";
  const std::string data = "x" + std::string(reinterpret_cast<const char*>(halves), 16) +
                           std::string(reinterpret_cast<const char*>(brains), 6);
  const TemporaryDirectory folder;
  minibert::io::write_file(folder / "f", safetensors(header, data));
  const SafetensorsReader reader(folder / "f");
  double h[8];
  float b[3];
  reader.copy(*reader.find("h"), h);
  reader.copy(*reader.find("b"), b);
  for (int i = 0; i < 7; ++i) CHECK(h[i] == expected[i]);
  CHECK(std::signbit(h[5]));
  CHECK(std::isnan(h[7]));
  CHECK((b[0] == 1.0f && b[1] == -2.0f && std::isinf(b[2])));
  CHECK_THROWS_AS(reader.copy(*reader.find("pad"), b), FormatError);
}

TEST_CASE("read: finds the tensor, compares its shape, and converts") {
  const TemporaryDirectory folder;
  const float values[] = {1.0f, 2.0f};
  const std::string path = (folder / "f").string();
  minibert::write_safetensors<float>(path, {{"a", {2}, values}, {"scalar", {}, values + 1}});
  const SafetensorsReader reader(path);
  double out[2] = {};
  reader.read("a", {2}, out);
  CHECK((out[0] == 1.0 && out[1] == 2.0));
  reader.read("scalar", {}, out);
  CHECK(out[0] == 2.0);
  reader.read(*reader.find("a"), {2}, out);
  CHECK(out[0] == 1.0);
  CHECK_THROWS_WITH_AS(reader.read("b", {2}, out), (path + ": the tensor b is missing").c_str(), FormatError);
  const std::string refusal = path + ": the tensor a has shape (2), expected ";
  CHECK_THROWS_WITH_AS(reader.read("a", {1, 2}, out), (refusal + "(1, 2)").c_str(), FormatError);
  CHECK_THROWS_WITH_AS(reader.read("a", {3}, out), (refusal + "(3)").c_str(), FormatError);
  CHECK_THROWS_AS(reader.read("a", {}, out), FormatError);
}

TEST_CASE("integers are listed, so that buffers such as position_ids can be passed over") {
  const TemporaryDirectory folder;
  minibert::io::write_file(folder / "f",
                           safetensors("{" + entry("ids", "I64", "[1,2]", "[0,16]") + "}", std::string(16, 'x')));
  CHECK(SafetensorsReader(folder / "f").find("ids")->numel == 2);
}

TEST_CASE("damage of every kind is refused by name") {
  const std::string good = entry("a", "F32", "[2]", "[0,8]"), data(8, 'x');
  REQUIRE(refusal(safetensors("{" + good + "}", data)) == "accepted");
  CHECK(has(refusal(""), "0 bytes are too few"));
  CHECK(has(refusal("1234567"), "7 bytes are too few"));
  CHECK(has(refusal(std::string(8, '\xFF') + "{}"), "header's length 18446744073709551615 is beyond the end"));
  CHECK(has(refusal(std::string("\3\0\0\0\0\0\0\0{}", 10)), "header's length 3 is beyond the end"));
  for (const std::uint64_t length : {std::uint64_t{0} - 8, std::uint64_t{0} - 5, std::uint64_t{0} - 1,
                                     std::uint64_t{1} << 63, std::uint64_t{1} << 40, std::uint64_t{3}}) {
    const std::string bytes(reinterpret_cast<const char*>(&length), sizeof length);  // length + 8 may wrap to the size
    CHECK(has(refusal(bytes + "{}"), "is beyond the end of a file of 10 bytes"));
  }
  CHECK(has(refusal(safetensors("[]", "")), "not an object"));
  CHECK(has(refusal(safetensors("{\"a\":", "")), "damaged.safetensors (header):1:6"));
  CHECK(has(refusal(safetensors(std::string(100'000, '['), "")), "nested deeper"));
  CHECK(has(refusal(safetensors("{" + good + "," + good + "}", data)), "\"a\" twice"));
  const auto with = [&](const char* dtype, const char* shape, const char* offsets) {
    return refusal(safetensors("{" + entry("a", dtype, shape, offsets) + "}", data));
  };
  CHECK(has(with("F12", "[2]", "[0,8]"), "tensor a: unknown dtype \"F12\""));
  CHECK(has(with("F32", "[3]", "[0,8]"), "hold 8 bytes, expected 12"));
  CHECK(has(with("F32", "[-2]", "[0,8]"), "negative dimension -2"));
  CHECK(has(with("F32", "[4294967296,4294967296]", "[0,8]"), "shape is too large"));
  CHECK(has(with("F32", "[4611686018427387904,2]", "[0,8]"), "shape is too large"));
  CHECK(has(with("F32", "[2.0]", "[0,8]"), "expected an integer, found 2.0"));
  CHECK(has(with("F32", "[2]", "[0,9]"), "expected 0 <= begin <= end <= 8, the size of the data"));
  CHECK(has(with("F32", "[2]", "[8,0]"), "expected 0 <= begin <= end <= 8, the size of the data"));
  CHECK(has(with("F32", "[2]", "[-1,7]"), "expected 0 <= begin <= end <= 8, the size of the data"));
  CHECK(has(with("F32", "[2]", "[0,8,9]"), "two data_offsets, found 3"));
  CHECK(has(with("F32", "{}", "[0,8]"), "expected an array"));
  CHECK(has(refusal(safetensors("{\"a\":1}", data)), "tensor a: expected an object"));
  CHECK(has(refusal(safetensors(R"({"a":{"dtype":"F32"}})", data)), "\"shape\" is missing"));
}

TEST_CASE("a small file that claims a large tensor is refused before memory is allocated") {
  const auto with = [&](const char* dtype, const char* shape, const char* offsets) {
    return refusal(safetensors("{" + entry("a", dtype, shape, offsets) + "}", std::string(16, 'x')));
  };
  CHECK(has(with("F32", "[1073741824]", "[0,4294967296]"), "expected 0 <= begin <= end <= 16"));
  CHECK(has(with("F32", "[1073741824]", "[0,16]"), "hold 16 bytes, expected 4294967296"));
  CHECK(has(with("F32", "[1073741825,4]", "[0,16]"), "hold 16 bytes, expected 17179869200"));  // 16 modulo 2^32
  CHECK(has(with("F32", "[4611686018427387905,4]", "[0,16]"), "shape is too large"));          // 16 modulo 2^64
  CHECK(has(with("F32", "[2305843009213693952,8,0]", "[0,0]"), "shape is too large"));
  CHECK(has(with("F32", "[0,9223372036854775807,9223372036854775807]", "[0,0]"), "end at byte 0 of the data"));
  CHECK(has(with("F32", "[18446744073709551615]", "[0,16]"), "expected an integer"));
  CHECK(has(with("F32", "[\"-1\"]", "[0,16]"), "expected an integer, found \"-1\""));
  CHECK(has(with("F32", "[4]", "[-9223372036854775808,-9223372036854775792]"), "expected 0 <= begin"));
  CHECK(has(with("f32", "[4]", "[0,16]"), "unknown dtype \"f32\""));
  CHECK(has(with("", "[4]", "[0,16]"), "unknown dtype \"\""));
}

TEST_CASE("metadata are an object of strings") {
  const auto with = [](const std::string& metadata) {
    return refusal(safetensors("{\"__metadata__\":" + metadata + "}", ""));
  };
  CHECK(with("{}") == "accepted");
  CHECK(with(R"({"format":"pt","note":""})") == "accepted");
  CHECK(has(with("5"), "damaged.safetensors: __metadata__: expected an object, found 5"));
  CHECK(has(with("[]"), "__metadata__: expected an object"));
  CHECK(has(with(R"({"format":{}})"), "__metadata__: expected a string, found an object of 0"));
}

TEST_CASE("what a download left in place of the file is named") {
  CHECK(has(refusal("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n"), "run git lfs pull"));
  CHECK(has(refusal("<!DOCTYPE html><html>"), "this is a web page"));
}

TEST_CASE("every byte of the data belongs to exactly one tensor") {
  const std::string data(8, 'x');
  const auto with = [&](const char* first, const char* second) {
    return refusal(
        safetensors("{" + entry("a", "F32", "[1]", first) + "," + entry("b", "F32", "[1]", second) + "}", data));
  };
  REQUIRE(with("[4,8]", "[0,4]") == "accepted");
  CHECK(has(with("[0,4]", "[2,6]"),
            "tensor b begins at byte 2 of the data, expected byte 4, where the tensor before it ends"));
  CHECK(has(with("[0,4]", "[0,4]"), "tensor"));
  CHECK(has(with("[1,5]", "[4,8]"), "tensor a begins at byte 1"));
  CHECK(has(refusal(safetensors("{" + entry("a", "F32", "[1]", "[0,4]") + "}", data)),
            "end at byte 4 of the data, expected its end, byte 8"));
}

TEST_CASE("a file cut anywhere is refused") {
  const TemporaryDirectory folder;
  const float values[] = {1.0f, 2.0f};
  minibert::write_safetensors<float>(folder / "f", {{"a", {2}, values}});
  const std::string whole = minibert::io::read_file(folder / "f");
  for (std::size_t cut = 0; cut < whole.size(); ++cut) CHECK(refusal(whole.substr(0, cut)) != "accepted");
}

}  // namespace
