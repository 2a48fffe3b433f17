// The version, and the one macro that other headers share.
#pragma once

#define MINIBERT_VERSION_MAJOR 0
#define MINIBERT_VERSION_MINOR 1
#define MINIBERT_VERSION_PATCH 0
#define MINIBERT_VERSION "0.1.0"

// The inline namespace of simd and kernels, named after the -m flags of the translation unit. Without it, the linker
// would merge functions of units compiled with different flags, and a unit without AVX could get code that uses AVX.
// Types that are passed between units stay outside this namespace.
#if defined(__AVX512F__)
#define MINIBERT_ARCH arch_avx512
#elif defined(__AVX2__) && defined(__FMA__)
#define MINIBERT_ARCH arch_avx2_fma
#elif defined(__AVX2__)
#define MINIBERT_ARCH arch_avx2
#elif defined(__FMA__)
#define MINIBERT_ARCH arch_avx_fma
#elif defined(__AVX__)
#define MINIBERT_ARCH arch_avx
#else
#define MINIBERT_ARCH arch_baseline
#endif
