#include <minibert/io/json.hpp>

minibert::Json other() {
  minibert::Json json = minibert::Json::object();
  json["answer"] = 42;
  return json;
}
