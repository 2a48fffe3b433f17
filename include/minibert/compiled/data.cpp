// Compiles the definitions of data/.
#include <minibert/data/impl/batch.ipp>
#include <minibert/data/impl/batch_sampler.ipp>
#include <minibert/data/impl/collator.ipp>
#include <minibert/data/impl/permutation.ipp>
#include <minibert/data/impl/sampler.ipp>
#include <minibert/data/impl/text_dataset.ipp>
#include <minibert/data/impl/text_tokenizer.ipp>
#include <minibert/data/impl/token_cache.ipp>
#include <minibert/data/impl/token_store.ipp>
#include <minibert/data/impl/token_store_writer.ipp>
#include <minibert/data/impl/unigram_baseline.ipp>
