// Version, and the one macro the other headers share.
#pragma once

#define MINIBERT_VERSION_MAJOR 0
#define MINIBERT_VERSION_MINOR 1
#define MINIBERT_VERSION_PATCH 0
#define MINIBERT_VERSION "0.1.0"

// All float arithmetic lives in an inline namespace named after the -m flags of the translation unit: units compiled
// with different flags may then be linked together without the linker keeping one unit's code for both. Types that
// cross units stay outside it.
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
