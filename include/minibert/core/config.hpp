// The version, and the macros that other headers share.
#pragma once

#define MINIBERT_VERSION_MAJOR 0
#define MINIBERT_VERSION_MINOR 1
#define MINIBERT_VERSION_PATCH 0
#define MINIBERT_VERSION "0.1.0"

// The library has two forms (docs/design.md, "Two forms"). By default it is header-only: each header ends by including
// its definitions, impl/<name>.ipp. If MINIBERT_COMPILED is defined, headers only declare, and the program links a
// library that contains the definitions.
#ifdef MINIBERT_COMPILED
#define MINIBERT_INLINE
#else
#define MINIBERT_INLINE inline
#endif

// Programs must not mix the forms, because their types have the same names. The compiled form defines this symbol as an
// ordinary variable (core/impl/parallel.ipp). The header-only form defines it as a thread-local variable. Linkers
// refuse to combine the two definitions.
#if !defined(MINIBERT_COMPILED) && defined(__ELF__)
extern "C" {
[[gnu::used]] inline thread_local char minibert_mixes_header_only_and_compiled_form = 0;
}
#endif

#if !defined(MINIBERT_COMPILED) && defined(__FAST_MATH__)
#error "minibert: -ffast-math makes results wrong: use the compiled form, or compile this file without it"
#endif

// The inline namespace of simd, kernels and parallel loops. In the header-only form it is named after the flags of the
// translation unit. Otherwise the linker would merge functions of units that were compiled with different flags. A unit
// without AVX could then get code that uses AVX. A unit without OpenMP allocates scratch memory for one thread, but
// could get loops that run on several. Types that are passed between units stay outside this namespace.
#if defined(MINIBERT_COMPILED)
#define MINIBERT_ARCH compiled
#elif defined(__AVX512F__)
#define MINIBERT_ARCH_OF(threads) arch_avx512_##threads
#elif defined(__AVX2__) && defined(__FMA__)
#define MINIBERT_ARCH_OF(threads) arch_avx2_fma_##threads
#elif defined(__AVX2__)
#define MINIBERT_ARCH_OF(threads) arch_avx2_##threads
#elif defined(__FMA__)
#define MINIBERT_ARCH_OF(threads) arch_avx_fma_##threads
#elif defined(__AVX__)
#define MINIBERT_ARCH_OF(threads) arch_avx_##threads
#else
#define MINIBERT_ARCH_OF(threads) arch_baseline_##threads
#endif
#ifndef MINIBERT_ARCH
#ifdef _OPENMP
#define MINIBERT_ARCH MINIBERT_ARCH_OF(openmp)
#else
#define MINIBERT_ARCH MINIBERT_ARCH_OF(serial)
#endif
#endif
