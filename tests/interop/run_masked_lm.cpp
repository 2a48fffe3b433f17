// A BertForMaskedLM on batches that Python has made, for comparison with transformers.
//   run_masked_lm gradients float|double MODEL BATCH.json OUT.safetensors   logits, loss and all gradients of one batch
//   run_masked_lm train MODEL BATCHES.json                                  AdamW steps; the losses, one a line
#include <cstdio>
#include <cstring>
#include <exception>
#include <string>
#include <vector>

#include <minibert/models/bert_for_masked_lm.hpp>
#include <minibert/optim/adamw.hpp>
#include <minibert/optim/clip_grad.hpp>

using namespace minibert;

namespace {

/// {"input_ids": [[…]], "labels": [[…]]}, −100 where nothing is to be guessed.
MaskedLMBatch read_batch(const Json& json) {
  MaskedLMBatch batch;
  for (const Json& sequence : json.at("input_ids").as_array()) {
    std::vector<token_id> ids;
    for (const Json& id : sequence.as_array()) ids.push_back(static_cast<token_id>(id.as_integer()));
    batch.append(ids, batch.num_sequences());
  }
  index_t row = 0;
  for (const Json& sequence : json.at("labels").as_array())
    for (const Json& label : sequence.as_array()) {
      if (label.as_integer() != -100) {
        batch.masked_rows.push_back(row);
        batch.labels.push_back(static_cast<token_id>(label.as_integer()));
      }
      ++row;
    }
  return batch;
}

template <class T>
void write_gradients(const char* folder, const char* batch_file, const char* out) {
  auto model = BasicBertForMaskedLM<T>::from_pretrained(folder);
  model.eval();
  const MaskedLMBatch batch = read_batch(Json::read(batch_file));
  Tape<T> tape;
  const auto output = model.forward(tape, batch);
  tape.backward(output.loss);
  std::vector<SafetensorsTensor<T>> tensors{{"loss", {}, output.loss.data()},
                                            {"logits", sizes(output.logits.shape()), output.logits.data()}};
  for (const auto& [name, p] : model.named_parameters()) tensors.push_back({"grad." + name, sizes(p->shape), p->grad});
  write_safetensors(out, std::move(tensors));
}

void train(const char* folder, const char* batches_file) {
  auto model = BertForMaskedLM::from_pretrained(folder);
  model.train();
  const Json json = Json::read(batches_file);
  optim::AdamW<float> optimizer(model.parameters(), {.lr = json.at("learning_rate").as_number(), .weight_decay = 0.01});
  Tape<float> tape;
  index_t step = 0;
  for (const Json& batch : json.at("batches").as_array()) {
    tape.reset();
    model.zero_grad();
    const auto output = model.forward(tape, read_batch(batch), {.step = step++});
    tape.backward(output.loss);
    optim::clip_grad_norm_(optimizer.chunks(), 1.0);
    optimizer.step();
    std::printf("%.9g\n", static_cast<double>(output.loss.item()));
  }
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
  else
    raise<ValueError>("usage: run_masked_lm gradients float|double MODEL BATCH OUT | train MODEL BATCHES");
} catch (const std::exception& error) {
  std::fprintf(stderr, "run_masked_lm: %s\n", error.what());
  return 1;
}
