// Compiles the whole library as one file, for builds without CMake:
//
//   g++ -std=c++20 -O2 -fopenmp -I include -I /usr/include/eigen3 -c include/minibert/compiled/minibert.cpp
//
// Compile the programs that link minibert.o with -DMINIBERT_COMPILED. See docs/building.md.
#ifndef MINIBERT_COMPILED
#define MINIBERT_COMPILED
#endif

#include <minibert/compiled/autograd.cpp>
#include <minibert/compiled/core.cpp>
#include <minibert/compiled/data.cpp>
#include <minibert/compiled/io.cpp>
#include <minibert/compiled/kernels.cpp>
#include <minibert/compiled/kernels_attention.cpp>
#include <minibert/compiled/kernels_gemm.cpp>
#include <minibert/compiled/models.cpp>
#include <minibert/compiled/nn.cpp>
#include <minibert/compiled/ops.cpp>
#include <minibert/compiled/optim.cpp>
#include <minibert/compiled/pipelines.cpp>
#include <minibert/compiled/tensor.cpp>
#include <minibert/compiled/tokenizers.cpp>
#include <minibert/compiled/train.cpp>
