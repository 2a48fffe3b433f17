// Compiles the definitions of nn/.
#include <minibert/nn/impl/dropout.ipp>
#include <minibert/nn/impl/embedding.ipp>
#include <minibert/nn/impl/init.ipp>
#include <minibert/nn/impl/layer_norm.ipp>
#include <minibert/nn/impl/linear.ipp>
#include <minibert/nn/impl/module.ipp>
#include <minibert/nn/impl/scope.ipp>
