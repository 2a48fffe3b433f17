// Compiles the definitions of kernels/attention.hpp.
#include <minibert/kernels/impl/attention.ipp>
