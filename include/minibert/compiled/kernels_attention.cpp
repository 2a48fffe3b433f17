// Compiles definitions of kernels/.
#include <minibert/kernels/impl/attention.ipp>
