// The little that these tests need: a check that says where it failed and with which numbers.
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <iomanip>
#include <iostream>
#include <limits>
#include <vector>

// Ends the program: what follows a broken promise explains nothing.
#define CHECK(condition, ...)                                                    \
  do {                                                                           \
    if (!(condition)) checks::fail(__FILE__, __LINE__, #condition, __VA_ARGS__); \
  } while (false)

// The expression must throw an `Error`.
#define CHECK_THROWS(Error, expression)                                               \
  do {                                                                                \
    bool thrown = false;                                                              \
    try {                                                                             \
      (void)(expression);                                                             \
    } catch (const Error&) {                                                          \
      thrown = true;                                                                  \
    }                                                                                 \
    if (!thrown) checks::fail(__FILE__, __LINE__, #expression " throws " #Error, ""); \
  } while (false)

namespace checks {

// Under an emulator, where a long double is made by software twice over, tests try less.
#ifdef TESTS_ARE_EMULATED
inline constexpr bool emulated = true;
#else
inline constexpr bool emulated = false;
#endif

template <class... Values>
[[noreturn]] void fail(const char* file, int line, const char* what, const Values&... values) {
  std::cerr << file << ':' << line << ": not so: " << what << '\n' << std::setprecision(21);
  ((std::cerr << "  " << values << '\n'), ...);
  std::exit(1);
}

// SplitMix64: the same numbers in every run and on every machine.
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}

  std::uint64_t bits() {
    state_ += 0x9e3779b97f4a7c15;
    std::uint64_t x = state_;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
    x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
    return x ^ (x >> 31);
  }
  std::int64_t below(std::int64_t end) {
    return static_cast<std::int64_t>(bits() % static_cast<std::uint64_t>(end));
  }
  double uniform(double low, double high) {
    return low + (high - low) * (static_cast<double>(bits() >> 11) * 0x1p-53);
  }

 private:
  std::uint64_t state_;
};

inline double any_finite(Random& random) {
  for (;;) {
    const double x = std::bit_cast<double>(random.bits());
    if (std::isfinite(x)) return x;
  }
}

// Of one of four kinds: of any size, near one, subnormal, or spread over 80 binary orders.
inline std::vector<double> any_values(Random& random, std::int64_t count) {
  std::vector<double> values;
  const std::int64_t kind = random.below(4);
  for (std::int64_t i = 0; i < count; ++i) {
    if (kind == 0) values.push_back(any_finite(random));
    if (kind == 1) values.push_back(random.uniform(-1.0, 1.0));
    if (kind == 2)
      values.push_back(std::numeric_limits<double>::denorm_min() *
                       static_cast<double>(random.below(1 << 20)));
    if (kind == 3)
      values.push_back(std::ldexp(random.uniform(-1.0, 1.0), static_cast<int>(random.below(80))));
  }
  return values;
}

}  // namespace checks
