#include <minibert/core/parallel.hpp>
#include <minibert/io/json.hpp>

#include <cstdio>

minibert::Json other();  // the same headers in a second translation unit

int main() {
  const bool same = other().dump() == minibert::Json::parse(R"({"answer":42})", "main").dump();
  std::printf("%d thread(s), %s\n", minibert::num_threads(), same ? "as expected" : "NOT as expected");
  return same ? 0 : 1;
}
