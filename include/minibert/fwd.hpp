// Forward declarations of the main types, for headers that only mention them.
#pragma once

namespace minibert {

class Error;
class Json;
class Shape;
template <class T>
class Tensor;
template <class T>
class Variable;
template <class T>
class Tape;
template <class T>
struct Parameter;

struct Batch;
struct MaskedLMBatch;
struct BertConfig;
class BertTokenizer;
template <class T>
class BasicBertModel;
template <class T>
class BasicBertForMaskedLM;
using BertModel = BasicBertModel<float>;
using BertForMaskedLM = BasicBertForMaskedLM<float>;

struct TrainingArguments;
class TrainerCallback;

}  // namespace minibert
