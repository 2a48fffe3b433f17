// Compiles the definitions of autograd/.
// Includes Eigen, because all members of Variable are compiled here and its views need the definition of Eigen::Map.
#include <Eigen/Core>

#include <minibert/autograd/impl/op.ipp>
#include <minibert/autograd/impl/parameter.ipp>
#include <minibert/autograd/impl/tape.ipp>
#include <minibert/autograd/impl/variable.ipp>
