// A user's functions with common names must still be called when this library is included. Tests calls with the
// library's types, for which argument-dependent lookup also searches its namespaces, and calls under `using namespace
// minibert`.
#include <filesystem>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <minibert/minibert.hpp>

static constexpr int kUsers = 7;
static int data = kUsers;
static int train(int) { return kUsers; }
static int read_file(const std::filesystem::path&) { return kUsers; }
static int write_file(const std::filesystem::path&, std::string_view) { return kUsers; }

template <class T>
int length(const T&) {
  return kUsers;
}
template <class T>
int at(const T&, minibert::index_t) {
  return kUsers;
}
template <class... T>
int check(const T&...) {
  return kUsers;
}
template <class... T>
int raise(const T&...) {
  return kUsers;
}
template <class... T>
int concat(const T&...) {
  return kUsers;
}
template <class T>
int usize(const T&) {
  return kUsers;
}
template <class T>
int append(std::string&, const T&) {
  return kUsers;
}
template <class T>
int find(const T&, std::string_view) {
  return kUsers;
}
template <class T>
int hex(const T&) {
  return kUsers;
}
template <class T>
int sizes(const T&) {
  return kUsers;
}
template <class T>
int progress(const T&) {
  return kUsers;
}
template <class T>
int split(const T&) {
  return kUsers;
}
template <class T>
int pad(const T&) {
  return kUsers;
}
template <class T>
int decode(const T&) {
  return kUsers;
}
template <class T>
int round_up(const T&, minibert::index_t) {
  return kUsers;
}

namespace {

/// Calls the user's functions. Each call must compile and reach a function defined above.
template <class T>
void call_by_argument(const T& x) {
  std::string text;
  CHECK(length(x) == kUsers);
  CHECK(at(x, 0) == kUsers);
  CHECK(check(x, true) == kUsers);
  CHECK(raise(x) == kUsers);
  CHECK(concat(x, "text") == kUsers);
  CHECK(usize(x) == kUsers);
  CHECK(append(text, x) == kUsers);
  CHECK(find(x, "key") == kUsers);
  CHECK(hex(x) == kUsers);
  CHECK(sizes(x) == kUsers);
  CHECK(progress(x) == kUsers);
  CHECK(split(x) == kUsers);
  CHECK(pad(x) == kUsers);
  CHECK(decode(x) == kUsers);
  CHECK(round_up(x, 8) == kUsers);
}

template <class T>
void call_under_directive(const T& x) {
  using namespace minibert;
  std::string text;
  CHECK(length(x) == kUsers);
  CHECK(at(x, 0) == kUsers);
  CHECK(check(x, true) == kUsers);
  CHECK(raise(x) == kUsers);
  CHECK(concat(x, "text") == kUsers);
  CHECK(usize(x) == kUsers);
  CHECK(append(text, x) == kUsers);
  CHECK(find(x, "key") == kUsers);
  CHECK(hex(x) == kUsers);
  CHECK(sizes(x) == kUsers);
  CHECK(progress(x) == kUsers);
  CHECK(split(x) == kUsers);
  CHECK(pad(x) == kUsers);
  CHECK(decode(x) == kUsers);
  CHECK(round_up(x, 8) == kUsers);
  CHECK(train(1) == kUsers);
  CHECK(data == kUsers);
  CHECK(read_file("file") == kUsers);
  CHECK(write_file("file", "contents") == kUsers);
}

template <class T>
void call_both(const T& x) {
  call_by_argument(x);
  call_under_directive(x);
}

}  // namespace

TEST_CASE("a user's own functions of common names are called, whatever of ours is the argument") {
  call_both(minibert::Batch());
  call_both(std::vector<minibert::Batch>());
  call_both(minibert::Json());
  call_both(minibert::Shape{2, 3});
  call_both(minibert::BertTokenizerOptions());
  call_both(std::vector<minibert::AddedToken>());
}
