// Compiles the definitions of tokenizers/.
#include <minibert/tokenizers/impl/bert_tokenizer.ipp>
#include <minibert/tokenizers/impl/normalization_loss.ipp>
#include <minibert/tokenizers/impl/normalizer.ipp>
#include <minibert/tokenizers/impl/word_counts.ipp>
#include <minibert/tokenizers/impl/wordpiece_trainer.ipp>
