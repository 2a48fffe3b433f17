// Compiles definitions of kernels/.
#include <minibert/kernels/impl/gemm.ipp>
