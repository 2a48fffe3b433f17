// Runs models on batches from Python, for comparison with transformers.
//   run_bert gradients float|double MODEL BATCH.json OUT.safetensors   BertForMaskedLM: logits, loss, all gradients
//   run_bert train MODEL BATCHES.json                                  BertForMaskedLM: AdamW steps; the loss of each
//   run_bert encode MODEL BATCH.json OUT.safetensors                   BertModel: last_hidden_state, pooler_output
//   run_bert copy MODEL FOLDER                                         BertForMaskedLM: opened, saved, reported on
#include <cstdio>
#include <cstring>
#include <exception>
#include <string>
#include <vector>

#include <minibert/io/safetensors.hpp>
#include <minibert/models/bert_for_masked_lm.hpp>
#include <minibert/optim/adamw.hpp>
#include <minibert/optim/clip_grad.hpp>

using namespace minibert;

namespace {

/// Converts {"input_ids": [[…]], "labels": [[…]]}. The label −100 means that a token is not masked.
MaskedLMBatch read_batch(const Json& json) {
  MaskedLMBatch batch;
  for (const Json& sequence : json.at("input_ids").as_array()) {
    std::vector<token_id> ids;
    for (const Json& id : sequence.as_array()) ids.push_back(static_cast<token_id>(id.as_integer()));
    batch.append(ids, batch.num_sequences());
  }
  index_t row = 0;
  const Json* labels = json.find("labels");
  for (const Json& sequence : labels == nullptr ? Json::Array{} : labels->as_array())
    for (const Json& label : sequence.as_array()) {
      if (label.as_integer() != -100) {
        batch.masked_indices.push_back(row);
        batch.labels.push_back(static_cast<token_id>(label.as_integer()));
      }
      ++row;
    }
  return batch;
}

template <class T>
void write_gradients(const char* folder, const char* batch_file, const char* out) {
  auto model = BasicBertForMaskedLM<T>::from_pretrained(folder);
  const MaskedLMBatch batch = read_batch(Json::read(batch_file));
  Tape<T> tape;
  const auto output = model.forward(tape, batch);
  tape.backward(output.loss);
  std::vector<SafetensorsTensor<T>> tensors{{"loss", {}, output.loss.data()},
                                            {"logits", output.logits.shape().sizes(), output.logits.data()}};
  for (const auto& [name, p] : model.named_parameters()) tensors.push_back({"grad." + name, p->shape.sizes(), p->grad});
  write_safetensors(out, std::move(tensors));
}

void train(const char* folder, const char* batches_file) {
  auto model = BertForMaskedLM::from_pretrained(folder);
  const Json json = Json::read(batches_file);
  optim::AdamW<float> optimizer(model.parameter_groups(0.01), {.lr = json.at("learning_rate").as_number()});
  optim::ParameterChunks<float> parameters(model.parameters());
  Tape<float> tape;
  index_t step = 0;
  for (const Json& batch : json.at("batches").as_array()) {
    tape.reset();
    model.zero_grad();
    const auto output = model.forward(tape, read_batch(batch), {.training = true, .step = step++});
    tape.backward(output.loss);
    optim::clip_grad_norm_(parameters, 1.0);
    optimizer.step();
    std::printf("%.9g\n", static_cast<double>(output.loss.item()));
  }
}

void encode(const char* folder, const char* batch_file, const char* out) {
  const auto model = BertModel::from_pretrained(folder);
  const no_grad no_recording;
  Tape<float> tape;
  const auto output = model.forward(tape, read_batch(Json::read(batch_file)));
  const Variable<float> hidden = output.last_hidden_state, pooled = *output.pooler_output;
  write_safetensors<float>(out, {{"last_hidden_state", hidden.shape().sizes(), hidden.data()},
                                 {"pooler_output", pooled.shape().sizes(), pooled.data()}});
}

void copy(const char* folder, const char* to) {
  LoadingInfo info;
  const auto model = BertForMaskedLM::from_pretrained(folder, &info);
  model.save_pretrained(to);
  for (const std::string& key : info.missing_keys) std::printf("missing %s\n", key.c_str());
  for (const std::string& key : info.unexpected_keys) std::printf("unexpected %s\n", key.c_str());
}

}  // namespace

int main(int argc, char** argv) try {
  const std::string command = argc > 1 ? argv[1] : "";
  if (command == "gradients" && argc == 6 && std::strcmp(argv[2], "float") == 0)
    write_gradients<float>(argv[3], argv[4], argv[5]);
  else if (command == "gradients" && argc == 6 && std::strcmp(argv[2], "double") == 0)
    write_gradients<double>(argv[3], argv[4], argv[5]);
  else if (command == "train" && argc == 4)
    train(argv[2], argv[3]);
  else if (command == "encode" && argc == 5)
    encode(argv[2], argv[3], argv[4]);
  else if (command == "copy" && argc == 4)
    copy(argv[2], argv[3]);
  else
    core::raise<ValueError>("unknown command '", command, "', or not its number of arguments");
} catch (const std::exception& error) {
  std::fprintf(stderr, "run_bert: %s\n", error.what());
  return 1;
}
