#include <minibert/minibert.hpp>

#include <cstdio>

minibert::index_t parameters_of(const minibert::BertConfig& config);  // the same headers in a second unit

int main() {
  minibert::BertConfig config;
  config.vocab_size = 100;
  config.hidden_size = 16;
  config.num_hidden_layers = 2;
  config.num_attention_heads = 2;
  config.intermediate_size = 32;
  minibert::BertForMaskedLM model(config);
  std::printf("%lld parameters\n", static_cast<long long>(model.num_parameters()));
  return model.num_parameters() == parameters_of(config) ? 0 : 1;
}
