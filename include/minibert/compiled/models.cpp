// Compiles the definitions of models/.
#include <minibert/models/impl/bert.ipp>
#include <minibert/models/impl/bert_config.ipp>
#include <minibert/models/impl/bert_for_masked_lm.ipp>
#include <minibert/models/impl/checkpoint_tensors.ipp>
#include <minibert/models/impl/other_weights.ipp>
#include <minibert/models/impl/pretrained.ipp>
