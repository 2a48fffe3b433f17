#include <minibert/core/arena.hpp>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <map>
#include <random>

#include <doctest/doctest.h>

using namespace minibert;

namespace {

struct Piece {
  std::size_t size;
  unsigned char mark;
};

/// Records the pieces of memory that the arena has given out. Fills each piece with its own byte value, so that
/// intact() detects pieces that overlap.
class Model {
 public:
  void add(void* p, std::size_t size) {
    CHECK(reinterpret_cast<std::uintptr_t>(p) % kAlignment == 0);
    std::memset(p, ++mark_, size);
    CHECK(pieces.emplace(static_cast<unsigned char*>(p), Piece{size, mark_}).second);
  }
  bool intact() const {
    for (const auto& [p, piece] : pieces)
      for (std::size_t i = 0; i < piece.size; ++i)
        if (p[i] != piece.mark) return false;
    return true;
  }
  std::map<unsigned char*, Piece> pieces;

 private:
  unsigned char mark_ = 0;
};

std::size_t random_size(std::mt19937& random) {
  return 1 + random() % (random() % 8 == 0 ? 700000 : random() % 2 == 0 ? 20000 : 100);
}

}  // namespace

TEST_CASE("Arena: random allocation and rewinding never overlap, move, or lose anything") {
  std::mt19937 random(1);
  Arena arena;
  Model model;
  std::vector<std::pair<Arena::Mark, std::vector<unsigned char*>>> scopes;  // and the pieces allocated in each scope
  scopes.emplace_back(arena.mark(), std::vector<unsigned char*>());
  for (int step = 0; step < 600; ++step) {
    const auto dice = random() % 10;
    if (dice == 0) scopes.emplace_back(arena.mark(), std::vector<unsigned char*>());
    if (dice == 1 && scopes.size() > 1) {
      arena.rewind(scopes.back().first);
      for (unsigned char* p : scopes.back().second) model.pieces.erase(p);
      scopes.pop_back();
    }
    const std::size_t size = random_size(random);
    void* p = arena.allocate(size);
    model.add(p, size);
    scopes.back().second.push_back(static_cast<unsigned char*>(p));
    if (step % 50 == 49) REQUIRE(model.intact());
  }
}

TEST_CASE("Arena: after reset() the same demand fits, and in any order soon") {
  std::mt19937 random(2);
  Arena arena;
  std::vector<std::size_t> sizes;
  for (int i = 0; i < 100; ++i) sizes.push_back(random_size(random));
  for (const std::size_t size : sizes) arena.allocate(size);
  std::size_t capacity = arena.capacity();
  for (int round = 0; round < 5; ++round) {
    arena.reset();
    for (const std::size_t size : sizes) arena.allocate(size);
    CHECK(arena.capacity() == capacity);
  }
  for (int round = 0; round < 50; ++round) {
    arena.reset();
    std::shuffle(sizes.begin(), sizes.end(), random);
    for (const std::size_t size : sizes) arena.allocate(size);
    if (round == 0) capacity = arena.capacity();  // the first shuffled order may need one more chunk
    CHECK(arena.capacity() == capacity);
  }
  CHECK(arena.allocate(0) != nullptr);
}

TEST_CASE("Pool: random allocation and release against a model") {
  std::mt19937 random(3);
  Pool pool;
  for (int round = 0; round < 4; ++round) {
    Model model;
    std::size_t in_use = 0;
    for (int step = 0; step < 1000; ++step) {
      if (model.pieces.empty() || random() % 100 < (step < 500 ? 60 : 40)) {
        const std::size_t size = random_size(random);
        model.add(pool.allocate(size), size);
        in_use += aligned_size(size);
      } else {
        auto piece = model.pieces.begin();
        std::advance(piece, random() % model.pieces.size());
        in_use -= aligned_size(piece->second.size);
        pool.release(piece->first, piece->second.size);
        model.pieces.erase(piece);
      }
      CHECK(pool.in_use() == in_use);
      if (step % 100 == 99) REQUIRE(model.intact());
    }
    for (const auto& [p, piece] : model.pieces) pool.release(p, piece.size);
    CHECK(pool.in_use() == 0);
    pool.reset();
    const std::size_t capacity = pool.capacity();
    void* all = pool.allocate(capacity);  // all released memory is one piece again
    CHECK(pool.capacity() == capacity);
    pool.release(all, capacity);
  }
}

TEST_CASE("Pool: nothing is merged while something is in use, and empty pieces have a place of their own") {
  Pool pool;
  void* first = pool.allocate(3 << 20);
  void* second = pool.allocate(5 << 20);
  const std::size_t capacity = pool.capacity();
  pool.reset();
  CHECK(pool.capacity() == capacity);
  pool.release(first, 3 << 20);
  pool.release(second, 5 << 20);
  pool.reset();
  CHECK(pool.capacity() >= capacity);
  void *a = pool.allocate(0), *b = pool.allocate(0);
  CHECK(a != b);
  pool.release(a, 0);
  pool.release(b, 0);
}

TEST_CASE("Workspace: grows to the largest demand and stays there") {
  Workspace workspace;
  double* first = workspace.get<double>(100);
  CHECK(workspace.get<float>(200) == static_cast<void*>(first));
  workspace.get<double>(1000)[999] = 1;
  CHECK(workspace.get<char>(1) == static_cast<void*>(workspace.get<double>(1000)));
}

TEST_CASE("memory of a step that needed much more than the following ones is given back after 64 steps") {
  constexpr std::size_t big = std::size_t{64} << 20, small = std::size_t{1} << 19;
  Arena arena;
  Pool pool;
  Workspace workspace;
  const auto step = [&](std::size_t bytes) {
    arena.allocate(bytes);
    pool.release(pool.allocate(bytes), bytes);
    workspace.get<char>(static_cast<index_t>(bytes));
    arena.reset();
    pool.reset();
    workspace.reset();
  };
  step(big);
  for (int i = 1; i < Usage::kSteps; ++i) step(small);
  CHECK(arena.capacity() >= big);
  CHECK(pool.capacity() >= big);
  CHECK(workspace.capacity() >= big);
  for (int i = 0; i < 2; ++i) step(small);
  CHECK(arena.capacity() <= 2 * Usage::kSmall);
  CHECK(pool.capacity() <= 2 * Usage::kSmall);
  CHECK(workspace.capacity() <= 2 * Usage::kSmall);
}

TEST_CASE("memory that is needed again within 64 steps is kept") {
  constexpr std::size_t big = std::size_t{64} << 20;
  Arena arena;
  arena.allocate(big);
  arena.reset();
  const std::size_t capacity = arena.capacity();
  for (int i = 0; i < 1000; ++i) {
    arena.allocate(i % Usage::kSteps == 0 ? big : 100);
    arena.rewind({});  // what a scope used counts, too
    arena.reset();
    CHECK(arena.capacity() == capacity);
  }
}

TEST_CASE("Usage: small memory is never given back, however many steps pass") {
  Usage usage;
  for (int i = 0; i < 10 * Usage::kSteps; ++i) CHECK_FALSE(usage.end_step(Usage::kSmall));
  CHECK(usage.end_step(Usage::kSmall + 1));
}
