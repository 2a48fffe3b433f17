// Compiles the definitions of autograd/.
#include <minibert/autograd/impl/op.ipp>
#include <minibert/autograd/impl/parameter.ipp>
#include <minibert/autograd/impl/tape.ipp>
#include <minibert/autograd/impl/variable.ipp>
