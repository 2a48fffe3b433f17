// Compiles the definitions of pipelines/.
#include <minibert/pipelines/impl/fill_mask.ipp>
