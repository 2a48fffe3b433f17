// Compiles the definitions of autograd/.
// A view of a variable needs the whole of Eigen::Map, where all members of Variable are compiled.
#include <Eigen/Core>

#include <minibert/autograd/impl/op.ipp>
#include <minibert/autograd/impl/parameter.ipp>
#include <minibert/autograd/impl/tape.ipp>
#include <minibert/autograd/impl/variable.ipp>
