#include <doctest/doctest.h>

#include <vector>

#include <minibert/optim/lr_scheduler.hpp>

namespace {

using namespace minibert;
using optim::LrScheduler;
using optim::SchedulerType;

TEST_CASE("the learning rates are those of transformers' get_scheduler") {
  const auto check_rates = [](SchedulerType type, const std::vector<double>& expected) {
    const LrScheduler scheduler(type, 4, 10);
    for (index_t step = 0; step < core::length(expected); ++step) {
      INFO(to_string(type), " ", step);
      CHECK(3e-4 * scheduler.factor(step) == doctest::Approx(core::at(expected, step)).epsilon(1e-12));
    }
  };
  check_rates(SchedulerType::linear, {0, 7.5e-5, 1.5e-4, 2.25e-4, 3e-4, 2.5e-4, 2e-4, 1.5e-4, 1e-4, 5e-5, 0, 0});
  check_rates(SchedulerType::cosine, {0, 7.5e-5, 1.5e-4, 2.25e-4, 3e-4, 0.0002799038105676658, 2.25e-4, 1.5e-4,
                                      7.500000000000002e-05, 2.009618943233419e-05, 0, 2.0096189432334208e-05});
  check_rates(SchedulerType::constant, std::vector<double>(12, 3e-4));
  check_rates(SchedulerType::constant_with_warmup, {0, 7.5e-5, 1.5e-4, 2.25e-4, 3e-4, 3e-4, 3e-4, 3e-4, 3e-4, 3e-4});
}

TEST_CASE("warmup_steps below 1 is a share of all steps, rounded up") {
  const auto warmup = [](double steps, index_t total) {
    return LrScheduler(SchedulerType::linear, steps, total).num_warmup_steps();
  };
  CHECK(warmup(0.1, 105) == 11);
  CHECK(warmup(0, 100) == 0);
  CHECK(warmup(1, 100) == 1);
  CHECK(warmup(7.9, 100) == 7);
  CHECK_THROWS_AS(warmup(-1, 100), ValueError);
}

TEST_CASE("without warm-up the first step has the full rate") {
  CHECK(LrScheduler(SchedulerType::linear, 0, 500).factor(0) == 1);
  CHECK(LrScheduler(SchedulerType::linear, 0, 500).factor(499) == doctest::Approx(2e-3));
}

TEST_CASE("names go both ways") {
  for (const auto type :
       {SchedulerType::linear, SchedulerType::cosine, SchedulerType::constant, SchedulerType::constant_with_warmup})
    CHECK(optim::scheduler_type(to_string(type)) == type);
  CHECK_THROWS_WITH_AS(optim::scheduler_type("cubic"),
                       "lr_scheduler_type is \"cubic\", expected linear, cosine, constant or constant_with_warmup",
                       ValueError);
}

}  // namespace
