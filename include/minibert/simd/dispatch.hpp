// One source for all instruction sets: a kernel is a struct with a forced-inline static template
//
//   struct ScaleRows {
//     template <class Arch, class T> [[gnu::always_inline]] static void run(T* y, const T* x, index_t n);
//   };
//
// and `simd::dispatch<ScaleRows>(y, x, n)` runs it, compiled for the instruction set that isa() returns. Only the
// wrappers below have the `target` attribute. Call dispatch inside parallel_for, never around it: clang does not
// compile an OpenMP region in a function that has a target.
#pragma once

#include <minibert/core/config.hpp>
#include <minibert/simd/isa.hpp>
#include <minibert/simd/vec.hpp>

namespace minibert::simd {
inline namespace MINIBERT_ARCH {

/// An instruction set as kernels see it: the size of a vector in bytes, and the number of vector registers.
template <int Bytes, int Registers>
struct Arch {
  static constexpr int bytes = Bytes;
  static constexpr int registers = Registers;
  template <class T>
  static constexpr int lanes = Bytes / static_cast<int>(sizeof(T));
  template <class T>
  using vec = Vec<T, lanes<T>>;
};
#ifdef __aarch64__
using Baseline = Arch<16, 32>;  // NEON
#else
using Baseline = Arch<16, 16>;
#endif
using Avx2 = Arch<32, 16>;
using Avx512 = Arch<64, 32>;
struct Avx512Bf16 : Avx512 {};  // only for kernels whose runs_on is true for it

/// Returns true if Kernel is compiled for Arch. A kernel decides this with a member `template <class Arch> static
/// constexpr bool runs_on`. A kernel without this member is compiled for every Arch except Avx512Bf16.
template <class Kernel, class Arch>
constexpr bool runs_on() {
  if constexpr (requires { Kernel::template runs_on<Arch>; })
    return Kernel::template runs_on<Arch>;
  else
    return !std::is_same_v<Arch, Avx512Bf16>;
}

namespace detail {

template <class Kernel, class... Args>
[[gnu::noinline]] void run_baseline(Args... args) noexcept {
  Kernel::template run<Baseline>(args...);
}
#if defined(__x86_64__)
template <class Kernel, class... Args>
__attribute__((target("avx2,fma"), noinline)) void run_avx2(Args... args) noexcept {
  Kernel::template run<Avx2>(args...);
}
template <class Kernel, class... Args>
__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,fma"), noinline)) void run_avx512(Args... args) noexcept {
  Kernel::template run<Avx512>(args...);
}
template <class Kernel, class... Args>
__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512bf16,fma"), noinline)) void run_avx512_bf16(
    Args... args) noexcept {
  Kernel::template run<Avx512Bf16>(args...);
}
#endif

}  // namespace detail

/// Calls a kernel from another kernel, compiled for the same Arch. Only this wrapper is inlined. The called kernel is
/// not, so it is compiled once for each Arch, however many kernels call it.
template <class Kernel, class Arch, class... Args>
[[gnu::always_inline]] inline void call(Args... args) noexcept {
#if defined(__x86_64__)
  if constexpr (std::is_same_v<Arch, Avx512Bf16>) return detail::run_avx512_bf16<Kernel>(args...);
  if constexpr (std::is_same_v<Arch, Avx512>) return detail::run_avx512<Kernel>(args...);
  if constexpr (std::is_same_v<Arch, Avx2>) return detail::run_avx2<Kernel>(args...);
#endif
  if constexpr (std::is_same_v<Arch, Baseline>) return detail::run_baseline<Kernel>(args...);
}

/// Runs a kernel compiled for the instruction set in use, or for the next narrower set that the kernel runs on.
/// Arguments are passed by value: pointers, sizes, scalars, small structs.
template <class Kernel, class... Args>
void dispatch(Args... args) noexcept {
#if defined(__x86_64__)
  switch (isa()) {
    case Isa::avx512_bf16:
      if constexpr (runs_on<Kernel, Avx512Bf16>()) return detail::run_avx512_bf16<Kernel>(args...);
      [[fallthrough]];
    case Isa::avx512:
      if constexpr (runs_on<Kernel, Avx512>()) return detail::run_avx512<Kernel>(args...);
      [[fallthrough]];
    case Isa::avx2:
      if constexpr (runs_on<Kernel, Avx2>()) return detail::run_avx2<Kernel>(args...);
      [[fallthrough]];
    case Isa::baseline:
      break;
  }
#endif
  if constexpr (runs_on<Kernel, Baseline>()) return detail::run_baseline<Kernel>(args...);
}

}  // namespace MINIBERT_ARCH
}  // namespace minibert::simd
