// Compiles the definitions of optim/.
#include <minibert/optim/impl/adamw.ipp>
#include <minibert/optim/impl/clip_grad.ipp>
#include <minibert/optim/impl/lr_scheduler.ipp>
