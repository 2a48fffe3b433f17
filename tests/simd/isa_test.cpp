#include <minibert/simd/isa.hpp>

#include <doctest/doctest.h>

using namespace minibert;
using simd::Isa;

TEST_CASE("isa_from_name") {
  CHECK(simd::isa_from_name("") == simd::best_isa());
  CHECK(simd::isa_from_name("baseline") == Isa::baseline);
  for (const Isa isa : {Isa::avx2, Isa::avx512, Isa::avx512_bf16}) {
    if (isa <= simd::best_isa())
      CHECK(simd::isa_from_name(simd::to_string(isa)) == isa);
    else
      CHECK_THROWS_AS(simd::isa_from_name(simd::to_string(isa)), ValueError);
  }
  const char* message = "MINIBERT_ISA is 'avx9', expected baseline, avx2, avx512 or avx512_bf16";
  CHECK_THROWS_WITH_AS(simd::isa_from_name("avx9"), message, ValueError);
  CHECK_THROWS_AS(simd::isa_from_name("AVX2"), ValueError);
  CHECK_THROWS_AS(simd::isa_from_name("avx2 "), ValueError);
}

TEST_CASE("isa: what the environment asked for") {
  const char* name = std::getenv("MINIBERT_ISA");
  CHECK(simd::isa() == simd::isa_from_name(name != nullptr ? name : ""));
}
