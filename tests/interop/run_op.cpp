// Runs one op on tensors from Python, for comparison with PyTorch.
//   run_op OP IN.safetensors OUT.safetensors [OPTION…]
// IN contains the op's inputs by name, and "dy", the gradient of its result. Integers and booleans are stored as
// floats. OUT contains "y", and "grad.NAME" for each float input. Options are integers or probabilities, depending on
// the op.
#include <cstdio>
#include <exception>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include <minibert/autograd/autocast.hpp>
#include <minibert/autograd/tape.hpp>
#include <minibert/io/safetensors.hpp>
#include <minibert/ops/functional.hpp>

using namespace minibert;
namespace F = functional;

namespace {

/// The inputs of an op. All are stored as float parameters; integers() and truth() convert them.
class Inputs {
 public:
  Inputs(const char* file, Tape<float>& tape) : reader_(file), tape_(tape) {
    for (const SafetensorsEntry& entry : reader_.entries()) {
      Shape shape;
      for (auto size = entry.shape.rbegin(); size != entry.shape.rend(); ++size) shape = shape.with_front(*size);
      Parameter<float>& p = store_.declare(entry.name, shape);
      reader_.copy(entry, p.data);
      parameters_[entry.name] = &p;
    }
  }

  Variable<float> operator()(const char* name) { return tape_.parameter(*parameters_.at(name)); }
  bool has(const char* name) const { return parameters_.count(name) > 0; }
  template <class I>
  std::vector<I> integers(const char* name) const {
    const Parameter<float>& p = *parameters_.at(name);
    std::vector<I> numbers;
    for (index_t i = 0; i < p.numel(); ++i) numbers.push_back(static_cast<I>(p.data[i]));
    return numbers;
  }
  /// Returns an input as booleans of the same shape.
  Tensor<bool> truth(const char* name) const {
    const Parameter<float>& p = *parameters_.at(name);
    Tensor<bool> result(p.shape);
    for (index_t i = 0; i < p.numel(); ++i) result.data()[i] = p.data[i] != 0;
    return result;
  }
  Tensor<float> tensor(const char* name) const { return {parameters_.at(name)->shape, parameters_.at(name)->data}; }
  const std::vector<Parameter<float>*>& all() { return store_.in_order(); }

 private:
  SafetensorsReader reader_;
  Tape<float>& tape_;
  ParameterStore<float> store_;
  std::map<std::string, Parameter<float>*> parameters_;
};

/// Returns the sequences whose offsets are the input "cu_seqlens". The offsets stay in memory until the program ends.
Sequences sequences(const Inputs& in) {
  static const auto offsets = in.integers<index_t>("cu_seqlens");
  static std::vector<index_t> rows;
  Sequences s{offsets.data(), nullptr, core::length(offsets) - 1, 0};
  for (index_t b = 0; b < s.count; ++b) {
    rows.push_back(b);
    s.max_seqlen = std::max(s.max_seqlen, core::at(offsets, b + 1) - core::at(offsets, b));
  }
  s.global_rows = rows.data();
  return s;
}

using Call = std::function<Variable<float>(Inputs&, const std::vector<double>& options)>;

int whole(double option) { return static_cast<int>(option); }

const std::map<std::string, Call>& ops() {
  static const std::map<std::string, Call> table{
      {"add", [](Inputs& in, auto&) { return F::add(in("a"), in("b")); }},
      {"sub", [](Inputs& in, auto&) { return F::sub(in("a"), in("b")); }},
      {"mul", [](Inputs& in, auto&) { return F::mul(in("a"), in("b")); }},
      {"div", [](Inputs& in, auto&) { return F::div(in("a"), in("b")); }},
      {"matmul", [](Inputs& in, auto&) { return F::matmul(in("a"), in("b")); }},
      {"exp", [](Inputs& in, auto&) { return F::exp(in("x")); }},
      {"log", [](Inputs& in, auto&) { return F::log(in("x")); }},
      {"sqrt", [](Inputs& in, auto&) { return F::sqrt(in("x")); }},
      {"tanh", [](Inputs& in, auto&) { return F::tanh(in("x")); }},
      {"relu", [](Inputs& in, auto&) { return F::relu(in("x")); }},
      {"sigmoid", [](Inputs& in, auto&) { return F::sigmoid(in("x")); }},
      {"silu", [](Inputs& in, auto&) { return F::silu(in("x")); }},
      {"gelu", [](Inputs& in, auto&) { return F::gelu(in("x")); }},
      {"gelu_tanh", [](Inputs& in, auto&) { return F::gelu_tanh(in("x")); }},
      {"softmax", [](Inputs& in, auto&) { return F::softmax(in("x")); }},
      {"log_softmax", [](Inputs& in, auto&) { return F::log_softmax(in("x")); }},
      {"cat",
       [](Inputs& in, auto& o) {
         return F::cat({in("a"), in("b"), in("c")}, whole(o.at(0)));
       }},
      {"slice",
       [](Inputs& in, auto& o) { return F::slice(in("x"), whole(o.at(0)), index_t{whole(o.at(1))}, whole(o.at(2))); }},
      {"where", [](Inputs& in, auto&) { return F::where(in.truth("condition"), in("a"), in("b")); }},
      {"max",
       [](Inputs& in, auto& o) { return o.empty() ? F::max(in("x")) : F::max(in("x"), whole(o[0]), o.at(1) > 0); }},
      {"mse_loss", [](Inputs& in, auto&) { return F::mse_loss(in("input"), in("target")); }},
      {"binary_cross_entropy_with_logits",
       [](Inputs& in, auto&) { return F::binary_cross_entropy_with_logits(in("input"), in("target")); }},
      {"linear_relu",
       [](Inputs& in, auto&) { return F::linear_activation(in("x"), in("weight"), in("bias"), Activation::relu); }},
      {"transpose", [](Inputs& in, auto& o) { return F::transpose(in("x"), whole(o.at(0)), whole(o.at(1))); }},
      {"reshape", [](Inputs& in, auto&) { return F::reshape(in("x"), in.tensor("dy").shape()); }},
      {"sum",
       [](Inputs& in, auto& o) { return o.empty() ? F::sum(in("x")) : F::sum(in("x"), whole(o[0]), o.at(1) > 0); }},
      {"mean",
       [](Inputs& in, auto& o) { return o.empty() ? F::mean(in("x")) : F::mean(in("x"), whole(o[0]), o.at(1) > 0); }},
      {"linear",
       [](Inputs& in, auto&) {
         return in.has("bias") ? F::linear(in("x"), in("weight"), in("bias")) : F::linear(in("x"), in("weight"));
       }},
      {"linear_bf16",
       [](Inputs& in, auto&) {
         const autocast guard(Precision::bf16);
         return F::linear(in("x"), in("weight"), in("bias"));
       }},
      {"linear_gelu",
       [](Inputs& in, auto&) { return F::linear_activation(in("x"), in("weight"), in("bias"), Activation::gelu); }},
      {"linear_gelu_tanh",
       [](Inputs& in, auto&) {
         return F::linear_activation(in("x"), in("weight"), in("bias"), Activation::gelu_tanh);
       }},
      {"layer_norm", [](Inputs& in, auto&) { return F::layer_norm(in("x"), in("weight"), in("bias"), 1e-12f); }},
      {"add_layer_norm",
       [](Inputs& in, auto&) { return F::add_layer_norm(in("x"), in("residual"), in("weight"), in("bias"), 1e-12f); }},
      {"embedding",
       [](Inputs& in, auto&) {
         const auto words = in.integers<token_id>("ids"), types = in.integers<token_id>("type_ids");
         return F::embedding<float>({{in("words"), words, 0}, {in("types"), types}});
       }},
      {"index_select", [](Inputs& in, auto&) { return F::index_select<float>(in("x"), in.integers<index_t>("rows")); }},
      {"cross_entropy",
       [](Inputs& in, auto&) { return F::cross_entropy<float>(in("x"), in.integers<token_id>("labels")); }},
      {"attention",
       [](Inputs& in, auto& o) { return F::attention(in("q"), in("k"), in("v"), whole(o.at(0)), sequences(in)); }},
      {"mean_pool", [](Inputs& in, auto&) { return F::mean_pool(in("x"), sequences(in)); }},
      {"dropout", [](Inputs& in, auto& o) { return F::dropout(in("x"), o.at(0), random::Key(1), sequences(in)); }},
  };
  return table;
}

int run(int argc, char** argv) {
  core::check<ValueError>(argc >= 4 && ops().count(argv[1]) > 0,
                          "usage: run_op OP IN.safetensors OUT.safetensors [OPTION…]");
  std::vector<double> options;
  for (int i = 4; i < argc; ++i) options.push_back(std::stod(argv[i]));
  Tape<float> tape;
  Inputs in(argv[2], tape);
  const Variable<float> y = ops().at(argv[1])(in, options);
  tape.backward(F::sum(F::mul(y, tape.constant(in.tensor("dy")))));
  std::vector<SafetensorsTensor<float>> out{{"y", y.shape().sizes(), y.data()}};
  for (const Parameter<float>* p : in.all())
    if (p->has_grad) out.push_back({"grad." + p->name, p->shape.sizes(), p->grad});
  write_safetensors(argv[3], std::move(out));
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
