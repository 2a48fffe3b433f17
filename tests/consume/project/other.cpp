#include <minibert/minibert.hpp>

minibert::index_t parameters_of(const minibert::BertConfig& config) {
  return minibert::BertForMaskedLM(config).num_parameters();
}
