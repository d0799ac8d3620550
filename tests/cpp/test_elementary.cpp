// exp, log and their relatives against the C library's long double functions, which have 11 bits
// more. The bounds asserted here are those that kernels/elementary.h states.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <iostream>
#include <limits>

#include "check.h"
#include "elementary.h"

static_assert(std::numeric_limits<long double>::digits >= 64,
              "the oracle needs a long double that is wider than double");

namespace {

using checks::Random;
using Wide = long double;
__extension__ using Integer = __int128;

constexpr double smallest = std::numeric_limits<double>::denorm_min();
constexpr double smallest_normal = std::numeric_limits<double>::min();
constexpr double largest = std::numeric_limits<double>::max();
constexpr int many = checks::emulated ? 1 << 12 : 1 << 19;

double neighbour(double x, int steps) {
  for (; steps > 0; --steps) x = std::nextafter(x, baseline::infinity);
  for (; steps < 0; ++steps) x = std::nextafter(x, -baseline::infinity);
  return x;
}

// The worst error of a function, in units in the last place of the true value.
class Worst {
 public:
  Worst(const char* name, double bound) : name_(name), bound_(bound) {}

  void see(double found, Wide truth, double argument) {
    const double size = std::max(std::fabs(static_cast<double>(truth)), smallest_normal);
    const Wide unit = std::ldexp(static_cast<Wide>(1), std::ilogb(size) - 52);
    const double error = static_cast<double>(std::fabs(static_cast<Wide>(found) - truth) / unit);
    CHECK(error <= bound_, name_, argument, found, truth, error);
    if (error > worst_) worst_ = error, at_ = argument;
  }

  ~Worst() {
    std::cout << name_ << ": at most " << worst_ << " ulp, at " << at_ << "; the bound is "
              << bound_ << '\n';
  }

 private:
  const char* name_;
  double bound_, worst_ = 0.0, at_ = 0.0;
};

// A positive double of any exponent, subnormals included.
double any_positive(Random& random) {
  const auto largest_bits = static_cast<std::int64_t>(baseline::to_bits(largest));
  return baseline::from_bits(static_cast<std::uint64_t>(1 + random.below(largest_bits)));
}

void test_exp() {
  Worst worst("exp", 1.0), tiny("exp, subnormal", 1.0);
  auto see = [&](double x) {
    const Wide truth = std::exp(static_cast<Wide>(x));
    (truth < smallest_normal ? tiny : worst).see(baseline::exp(x), truth, x);
  };
  Random random(1);
  for (int i = 0; i < many; ++i) {
    see(random.uniform(-746.0, 709.0));
    see(random.uniform(-1.0, 1.0));
    see(std::ldexp(random.uniform(-1.0, 1.0), -static_cast<int>(random.below(70))));
  }
  // Where the reduced argument is largest.
  for (int n = -1060; n < 1023; ++n)
    for (int step = -2; step <= 2; ++step) see(neighbour((n + 0.5) * 0x1.62e42fefa39efp-1, step));
  for (const double x : {-745.2, -745.0, -708.5, -708.3, -0.0, 0.0, smallest, 1.0, 709.0}) see(x);

  CHECK(baseline::exp(0.0) == 1.0 && baseline::exp(-0.0) == 1.0, "exp(0)");
  for (const double x : {-746.0, -747.0, -1e4, -1e300, -largest, -baseline::infinity})
    CHECK(baseline::exp(x) == 0.0, x);
  CHECK(std::isnan(baseline::exp(std::nan(""))), "exp(NaN)");
}

void test_parts() {
  Random random(2);
  auto see = [](double x) {
    const baseline::Parts parts = baseline::parts_of(x);
    CHECK(std::ldexp(parts.mantissa, static_cast<int>(parts.exponent)) == x, x, parts.mantissa);
    CHECK(parts.mantissa >= 0.70706 && parts.mantissa < 1.41422, x, parts.mantissa);
  };
  for (int i = 0; i < many; ++i) see(any_positive(random));
  for (int e = -1074; e < 1024; ++e)
    for (int step = -2; step <= 2; ++step) {
      const double x = neighbour(std::ldexp(1.0, e), step);
      if (x > 0.0) see(x);
      if (e > -1022) see(neighbour(std::ldexp(0x1.6a09e667f3bcdp-1, e), step));
    }
  see(largest);
}

void test_scaled_log2() {
  Worst worst("scaled_log2", 3.0);
  auto see = [&](double x) {
    worst.see(baseline::scaled_log2(x, 0.0), std::log2(static_cast<Wide>(x)), x);
  };
  Random random(3);
  for (int i = 0; i < many; ++i) {
    see(any_positive(random));
    see(random.uniform(0.0, 2.0) + smallest);
    see(random.uniform(0.6, 1.5));
    see(1.0 + std::ldexp(random.uniform(-0.5, 0.5), -static_cast<int>(random.below(52))));
  }
  for (int e = -1074; e < 1024; ++e) {
    const double x = std::ldexp(1.0, e);
    CHECK(baseline::scaled_log2(x, 0.0) == e, "powers of two are exact", e);
    CHECK(baseline::scaled_log2(x, 7.0) == e - 7, "so are scaled ones", e);
  }
  for (int step = -1000; step <= 1000; ++step) {
    see(neighbour(1.0, step));
    see(neighbour(0x1.6a09e667f3bcdp-1, step));
    see(neighbour(0x1.6a09e667f3bcdp+0, step));
    see(neighbour(smallest_normal, step));
  }
  see(largest);
  const double none = baseline::scaled_log2(1.0, 0.0);
  CHECK(none == 0.0 && !std::signbit(none), "log2(1)");
}

void test_log2_1p() {
  Worst worst("log2_1p", 3.5);
  auto see = [&](double x) {
    const Wide truth = std::log1p(static_cast<Wide>(x)) / std::log(static_cast<Wide>(2.0));
    worst.see(baseline::log2_1p(x), truth, x);
  };
  Random random(4);
  for (int i = 0; i < many; ++i) {
    see(any_positive(random));
    see(random.uniform(0.0, 4.0));
    see(std::ldexp(random.uniform(0.5, 1.0), -static_cast<int>(random.below(60))));
    see(std::ldexp(random.uniform(0.5, 1.0), static_cast<int>(random.below(60))));
  }
  for (int step = -500; step <= 500; ++step)
    for (const double x : {0x1p-53, 0x1p-52, 0.41421356237309503, 1.0, 3.0, 0x1p52, 0x1p53})
      see(neighbour(x, step));
  for (const double x : {0.0, smallest, smallest_normal, largest}) see(x);
  CHECK(baseline::log2_1p(baseline::infinity) == baseline::infinity, "log2_1p(inf)");
}

// ln((a·d) / (b·c)) with both products and their difference as integers: nothing is lost.
Wide exact_log_ratio(double a, double b, double c, double d) {
  int exponent = 0;
  auto whole = [&exponent](double x, int sign) {
    int e;
    const double mantissa = std::frexp(x, &e);
    exponent += sign * (e - 53);
    return static_cast<Integer>(std::ldexp(mantissa, 53));
  };
  Integer over = whole(a, 1) * whole(d, 1), under = whole(b, -1) * whole(c, -1);
  for (; 5 * over > 7 * under; ++exponent) under *= 2;
  for (; 7 * over < 5 * under; --exponent) over *= 2;
  constexpr Wide ln_2 = 0.693147180559945309417232121458176568L;
  const Wide distance = static_cast<Wide>(over - under) / static_cast<Wide>(under);
  return static_cast<Wide>(exponent) * ln_2 + std::log1p(distance);
}

void test_log_cross_ratio() {
  Worst worst("log_cross_ratio", 4.0);
  auto see = [&](double a, double b, double c, double d) {
    worst.see(baseline::log_cross_ratio(a, b, c, d), exact_log_ratio(a, b, c, d), a);
  };
  Random random(5);
  for (int i = 0; i < many; ++i) {
    const double a = any_positive(random), c = any_positive(random);
    see(a, any_positive(random), c, any_positive(random));
    const double near_a = neighbour(a, static_cast<int>(random.below(9)) - 4);
    const double near_c = neighbour(c, static_cast<int>(random.below(9)) - 4);
    if (near_a > 0.0 && near_c > 0.0 && std::isfinite(near_a + near_c)) see(a, near_a, c, near_c);
    // b differs from a and d from c by the same small factor, but for what is asked.
    const double x = random.uniform(1e-3, 1.0), y = random.uniform(1e-3, 1.0);
    const double factor =
        1.0 + random.uniform(-0.9, 0.9) * std::ldexp(1.0, -static_cast<int>(random.below(54)));
    see(x, x * factor, y, y * random.uniform(1.0 - 1e-9, 1.0 + 1e-9) * factor);
    see(x, y, x * factor, y);
  }
  for (const double x : {smallest, 3 * smallest, smallest_normal, 0.1, 1.0, largest})
    for (const double y : {smallest, smallest_normal, 1.0 / 3.0, largest}) {
      CHECK(baseline::log_cross_ratio(x, x, y, y) == 0.0, x, y);
      CHECK(baseline::log_cross_ratio(x, y, x, y) == 0.0, x, y);
      see(x, y, y, x);
    }
  // (1 + u)(1 − u) = 1 − u²: both products round to 1.
  see(1.0 + 0x1p-52, 1.0, 1.0, 1.0 - 0x1p-52);
  see(1.0, 1.0 + 0x1p-52, 1.0 - 0x1p-52, 1.0);
}

// Σ of coefficient(k)·xᵏ from k = 2, in long double.
template <class Coefficient>
Wide series_from_2(Wide x, Coefficient coefficient) {
  Wide sum = 0;
  for (int k = 60; k >= 2; --k) sum = sum * x + coefficient(k);
  return sum * x * x;
}

void test_log1p_minus() {
  Worst worst("log1p_minus", 3.5);
  auto see = [&](double t) {
    const Wide truth =
        series_from_2(t, [](int k) { return (k % 2 ? 1 : -1) / static_cast<Wide>(k); });
    if (std::fabs(truth) >= smallest_normal || t == 0.0)
      worst.see(baseline::log1p_minus(t), truth, t);
    CHECK(baseline::log1p_minus(t) <= 0.0, t);
  };
  Random random(6);
  for (int i = 0; i < many; ++i) {
    see(random.uniform(-0.25, 0.25));
    see(std::ldexp(random.uniform(-0.25, 0.25), -static_cast<int>(random.below(500))));
  }
  for (const double t : {-0.25, 0.25, 0.0, -0.0, smallest, -smallest, 1e-160, 1e-300}) see(t);
}

void test_divergence_series() {
  Worst worst("divergence_series", 2.5);
  auto see = [&](double d) {
    Wide factorial[61] = {1};
    for (int k = 1; k <= 60; ++k) factorial[k] = factorial[k - 1] * -k;
    const Wide truth = series_from_2(d, [&](int k) { return 1 / factorial[k]; });
    // The same by another way where that loses little.
    if (std::fabs(d) > 0.1)
      CHECK(std::fabs(std::expm1(-static_cast<Wide>(d)) + d - truth) < truth * 1e-17L, d, truth);
    if (truth >= smallest_normal || d == 0.0) worst.see(baseline::divergence_series(d), truth, d);
    CHECK(baseline::divergence_series(d) >= 0.0, d);
  };
  Random random(7);
  for (int i = 0; i < many / 4; ++i) {
    see(random.uniform(-0.5, 0.5));
    see(std::ldexp(random.uniform(-0.5, 0.5), -static_cast<int>(random.below(500))));
  }
  for (const double d : {-0.5, 0.5, 0.0, -0.0, smallest, -smallest, 1e-160, 1e-300}) see(d);
}

}  // namespace

int main() {
  test_exp();
  test_parts();
  test_scaled_log2();
  test_log2_1p();
  test_log_cross_ratio();
  test_log1p_minus();
  test_divergence_series();
}
