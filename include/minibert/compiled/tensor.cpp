// Compiles the definitions of tensor/.
#include <minibert/tensor/impl/print.ipp>
