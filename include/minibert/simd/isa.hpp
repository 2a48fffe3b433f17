// Chooses the instruction set, once, at run time.
#pragma once

#include <cstdlib>
#include <string_view>

#include <minibert/core/error.hpp>

// The kernels for avx512_bf16 use inline assembly. Without OpenMP, clang checks the operands of the assembly against
// the flags of the translation unit, not against the target of the function that the assembly is inlined into. clang
// then rejects these kernels.
#if defined(__x86_64__) && (!defined(__clang__) || defined(_OPENMP))
#define MINIBERT_HAS_BF16_KERNELS
#endif

namespace minibert::simd {

/// The instruction sets that kernels are compiled for. `baseline`: what every processor of the platform has (SSE2,
/// NEON); `avx512_bf16`: AVX-512 with the instruction for products of bfloat16.
enum class Isa { baseline, avx2, avx512, avx512_bf16 };

constexpr std::string_view to_string(Isa isa) noexcept {
  constexpr std::string_view names[] = {"baseline", "avx2", "avx512", "avx512_bf16"};
  return names[static_cast<int>(isa)];
}

/// Returns the best instruction set of this processor.
inline Isa best_isa() noexcept {
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
      __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("fma")) {
#ifdef MINIBERT_HAS_BF16_KERNELS
    if (__builtin_cpu_supports("avx512bf16")) return Isa::avx512_bf16;
#endif
    return Isa::avx512;
  }
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return Isa::avx2;
#endif
  return Isa::baseline;
}

/// Returns the instruction set called `name`; the best one for an empty name.
/// @throws ValueError if the name is unknown or the processor lacks the instruction set.
inline Isa isa_from_name(std::string_view name) {
  if (name.empty()) return best_isa();
  for (const Isa isa : {Isa::baseline, Isa::avx2, Isa::avx512, Isa::avx512_bf16}) {
    if (name != to_string(isa)) continue;
    core::check<ValueError>(isa <= best_isa(), "MINIBERT_ISA is '", name, "', expected at most ", to_string(best_isa()),
                            ", the best that this processor supports");
    return isa;
  }
  core::raise<ValueError>("MINIBERT_ISA is '", name, "', expected baseline, avx2, avx512 or avx512_bf16");
}

/// Returns the instruction set in use: the best one, or the one that the environment variable MINIBERT_ISA names.
/// @throws ValueError as isa_from_name does. The constructor of a Tape calls isa(), so this happens before any kernel
/// runs.
inline Isa isa() {
  static const Isa chosen = [] {
    const char* name = std::getenv("MINIBERT_ISA");
    return isa_from_name(name ? name : "");
  }();
  return chosen;
}

}  // namespace minibert::simd
