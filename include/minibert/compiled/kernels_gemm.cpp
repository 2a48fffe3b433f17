// Compiles the definitions of kernels/gemm.hpp.
#include <minibert/kernels/impl/gemm.ipp>
