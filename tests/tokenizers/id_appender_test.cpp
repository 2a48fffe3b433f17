#include <minibert/tokenizers/id_appender.hpp>

#include <vector>

#include <doctest/doctest.h>

using namespace minibert;
using tokenizers::detail::IdAppender;

TEST_CASE("id appender: ids follow the ids already in the vector, whatever number was expected") {
  for (const std::size_t expected : {0u, 1u, 5u, 5000u}) {
    for (const std::size_t room : {1u, 3u, 2000u}) {
      INFO("expected ", expected, ", room for ", room);
      std::vector<token_id> ids{7}, all{7};
      {
        IdAppender appender(ids, expected);
        for (token_id id = 0; id < 10000; id += static_cast<token_id>(room)) {
          appender.make_room(room);
          for (token_id i = id; i < id + static_cast<token_id>(room); ++i) appender.add(i), all.push_back(i);
          CHECK(appender.used() == all.size());
        }
      }
      CHECK(ids == all);
    }
  }
}

TEST_CASE("id appender: added ids can be read and removed") {
  std::vector<token_id> ids{1, 2};
  {
    IdAppender appender(ids, 10);
    appender.make_room(3);
    appender.add(3);
    const std::size_t before = appender.used();
    appender.add(4);
    appender.add(5);
    CHECK(appender.since(before)[0] == 4);
    CHECK(appender.since(before)[1] == 5);
    appender.cut_to(before);
  }
  CHECK(ids == std::vector<token_id>{1, 2, 3});
}
