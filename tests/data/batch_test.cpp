#include <minibert/data/batch.hpp>

#include <vector>

#include <doctest/doctest.h>

#include <minibert/core/error.hpp>

using namespace minibert;

namespace {

using Ids = std::vector<token_id>;

}  // namespace

TEST_CASE("sequences are concatenated, each with its positions and row") {
  Batch batch;
  batch.append(Ids{7, 8, 9}, 4);
  batch.input_ids.push_back(5);
  batch.end_sequence(5);
  CHECK(batch.num_sequences() == 2);
  CHECK(batch.num_tokens() == 4);
  CHECK(batch.input_ids == Ids{7, 8, 9, 5});
  CHECK(batch.token_type_ids == Ids{0, 0, 0, 0});
  CHECK(batch.position_ids == Ids{0, 1, 2, 0});
  CHECK(batch.cu_seqlens == std::vector<index_t>{0, 3, 4});
  CHECK(batch.global_rows == std::vector<index_t>{4, 5});
  batch.clear();
  CHECK(batch.num_tokens() == 0);
  CHECK(batch.cu_seqlens == std::vector<index_t>{0});
}

TEST_CASE("a pair keeps its token types next to sequences without token types") {
  Batch batch;
  batch.append(Ids{7}, 0);
  batch.append(Ids{1, 5, 2, 6, 2}, Ids{0, 0, 0, 1, 1}, 1);
  batch.append(Ids{8, 9}, 2);
  CHECK(batch.input_ids == Ids{7, 1, 5, 2, 6, 2, 8, 9});
  CHECK(batch.token_type_ids == Ids{0, 0, 0, 0, 1, 1, 0, 0});
  CHECK(batch.position_ids == Ids{0, 0, 1, 2, 3, 4, 0, 1});
  CHECK(batch.cu_seqlens == std::vector<index_t>{0, 1, 6, 8});
}

TEST_CASE("token types of another length than the ids are refused, and nothing is added") {
  Batch batch;
  batch.append(Ids{7}, 0);
  CHECK_THROWS_WITH_AS(batch.append(Ids{1, 2}, Ids{0}, 1),
                       "Batch: a sequence of 2 ids has 1 token types, expected one for each id", ValueError);
  CHECK_THROWS_AS(batch.append(Ids{1}, Ids{}, 1), ValueError);
  CHECK(batch.num_tokens() == 1);
  CHECK(batch.token_type_ids.size() == 1);
  CHECK(batch.num_sequences() == 1);
}
