// Compiles the definitions of kernels/, except gemm (kernels_gemm.cpp) and attention (kernels_attention.cpp).
#include <minibert/kernels/impl/adamw.ipp>
#include <minibert/kernels/impl/clip_grad.ipp>
#include <minibert/kernels/impl/cross_entropy.ipp>
#include <minibert/kernels/impl/dropout.ipp>
#include <minibert/kernels/impl/embedding.ipp>
#include <minibert/kernels/impl/gelu.ipp>
#include <minibert/kernels/impl/layer_norm.ipp>
#include <minibert/kernels/impl/mean_pool.ipp>
#include <minibert/kernels/impl/reduce.ipp>
#include <minibert/kernels/impl/softmax.ipp>
