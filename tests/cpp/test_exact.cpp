// Exact sums against wide integers and known answers, in any order.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <stdexcept>
#include <vector>

#include "check.h"
#include "tables.h"

namespace {

using checks::any_finite;
using checks::any_values;
using checks::Random;
using unsurprised::Digits;
using unsurprised::ExactSum;
using unsurprised::ExactTable;

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double largest = std::numeric_limits<double>::max();
constexpr double smallest = std::numeric_limits<double>::denorm_min();

ExactSum sum_of(const std::vector<double>& values) {
  ExactSum sum;
  for (const double x : values) sum.add(x);
  return sum;
}

bool same(const ExactSum& a, const ExactSum& b) {
  const Digits x = a.digits(), y = b.digits();
  return x.sign == y.sign && x.first == y.first && x.digits == y.digits;
}

void check_canonical(const ExactSum& sum) {
  const Digits found = sum.digits();
  if (found.sign == 0) {
    CHECK(found.digits.empty() && found.first == 0, found.first);
    return;
  }
  CHECK(found.sign == 1 || found.sign == -1, found.sign);
  CHECK(found.digits.front() != 0 && found.digits.back() != 0, found.first);
  const ExactSum again = ExactSum::from_digits(found);
  CHECK(same(again, sum) && again.rounded() == sum.rounded(), sum.rounded());
}

void test_one_value_comes_back() {
  Random random(1);
  auto see = [](double x) {
    const ExactSum sum = sum_of({x});
    CHECK(sum.rounded() == x, x, sum.rounded());
    check_canonical(sum);
    const ExactSum less = sum_of({x, x, -x});
    CHECK(same(less, sum), x);
  };
  for (int i = 0; i < 100000; ++i) see(any_finite(random));
  for (int e = -1074; e < 1024; ++e)
    for (const double sign : {1.0, -1.0}) {
      see(sign * std::ldexp(1.0, e));
      if (e > -1074) see(sign * std::nextafter(std::ldexp(1.0, e), 0.0));
    }
  for (const double x : {largest, -largest, smallest, -smallest, 0.0}) see(x);
  CHECK(ExactSum().rounded() == 0.0 && ExactSum().digits().sign == 0, "empty");
  CHECK(!std::signbit(sum_of({-0.0}).rounded()), "a sum has one zero");
  check_canonical(sum_of({-0.0, 0.0}));
}

void test_only_finite_values_enter() {
  ExactSum sum = sum_of({1.0});
  for (const double x : {infinity, -infinity, std::nan("")})
    CHECK_THROWS(std::invalid_argument, sum.add(x));
  CHECK(same(sum, sum_of({1.0})), sum.rounded());
  CHECK_THROWS(std::invalid_argument, ExactTable::add_product(sum, 1e200, 1e200));
  CHECK(same(sum, sum_of({1.0})), sum.rounded());
}

void test_order_and_merging_do_not_matter() {
  Random random(2);
  for (int trial = 0; trial < 1500; ++trial) {
    std::vector<double> values = any_values(random, random.below(60));
    const ExactSum whole = sum_of(values);
    check_canonical(whole);
    for (std::size_t i = values.size(); i > 1; --i)
      std::swap(values[i - 1],
                values[static_cast<std::size_t>(random.below(static_cast<std::int64_t>(i)))]);
    CHECK(same(sum_of(values), whole), trial);

    const auto cut = random.below(static_cast<std::int64_t>(values.size()) + 1);
    ExactSum upper = sum_of({values.begin(), values.begin() + cut});
    const ExactSum lower = sum_of({values.begin() + cut, values.end()});
    ExactSum reversed = lower;
    reversed.merge(upper);
    CHECK(same(reversed, whole), trial, cut);
    ExactSum both = upper;
    both.merge(lower);
    CHECK(same(both, whole), trial, cut);
    both.merge(upper, -1);
    CHECK(same(both, lower), trial, cut);
    both.merge(ExactSum(both), -1);
    CHECK(both.digits().sign == 0 && both.rounded() == 0.0, trial);
    upper.merge(ExactSum());
    CHECK(same(upper, sum_of({values.begin(), values.begin() + cut})), trial);
    ExactSum opposite;
    opposite.merge(whole, -1);
    CHECK(opposite.rounded() == -whole.rounded() || whole.digits().sign == 0, trial);
    opposite.merge(whole);
    CHECK(opposite.digits().sign == 0, trial);
  }
}

void test_sums_of_whole_numbers() {
  __extension__ using Integer = __int128;
  Random random(3);
  for (int trial = 0; trial < 300; ++trial) {
    Integer exact = 0;
    ExactSum sum;
    for (int i = 0; i < 300; ++i) {
      const double x =
          std::trunc(std::ldexp(random.uniform(-1.0, 1.0), static_cast<int>(random.below(100))));
      exact += static_cast<Integer>(x);
      sum.add(x);
    }
    // Signed conversions of 128 bits round to nearest, ties to even.
    CHECK(sum.rounded() == static_cast<double>(exact), trial, sum.rounded());
    ExactSum small = sum_of({smallest});
    small.merge(sum);
    small.add(-smallest);
    CHECK(same(small, sum), trial);
  }
}

void test_cancellation() {
  CHECK(sum_of({1e100, 1.0, -1e100}).rounded() == 1.0, "1e100");
  CHECK(sum_of({largest, smallest, -largest}).rounded() == smallest, "the whole range");
  CHECK(sum_of({largest, -smallest, -largest}).rounded() == -smallest, "the whole range");
  CHECK(sum_of({0x1p53, 1.0, -0x1p53, -1.0}).digits().sign == 0, "zero");
  CHECK(sum_of({-1.0, 0x1p-1074}).rounded() == -1.0, "just above -1");
  CHECK(sum_of({-1.0, 0x1p-54}).rounded() == -1.0, "a tie");
  CHECK(sum_of({-1.0, 0x1p-54, smallest}).rounded() == -0x1.fffffffffffffp-1, "beyond the tie");
}

void test_rounding_to_even() {
  // Numbers of 54 bits and more, at every place of a digit.
  for (int e = -1074; e <= 1023 - 53; ++e) {
    const double unit = std::ldexp(1.0, e), odd = 0x1p53 * unit;
    const double next = odd + 2 * unit, after = odd + 4 * unit;
    CHECK(sum_of({odd, unit}).rounded() == odd, e);
    CHECK(sum_of({odd, unit, unit}).rounded() == next, e);
    CHECK(sum_of({odd, unit, unit, unit}).rounded() == after, e);
    CHECK(sum_of({-odd, -unit}).rounded() == -odd, e);
    CHECK(sum_of({-odd, -unit, -unit, -unit}).rounded() == -after, e);
    if (e == -1074) continue;
    CHECK(sum_of({odd, unit, smallest}).rounded() == next, e);
    CHECK(sum_of({odd, unit, -smallest}).rounded() == odd, e);
    CHECK(sum_of({next, unit, -smallest}).rounded() == next, e);
    CHECK(sum_of({-odd, -unit, -smallest}).rounded() == -next, e);
  }
}

void test_the_upper_end() {
  CHECK(sum_of({largest, largest}).rounded() == infinity, "overflow");
  CHECK(sum_of({-largest, -largest}).rounded() == -infinity, "overflow");
  CHECK(sum_of({largest, largest, -largest}).rounded() == largest, "and back");
  const double half = std::ldexp(1.0, 970);  // half a unit of the largest number
  CHECK(sum_of({largest, half}).rounded() == infinity, "a tie rounds to even, which is too large");
  CHECK(sum_of({largest, half, -smallest}).rounded() == largest, "just below the tie");
  ExactSum sum = sum_of({largest}), halves;
  for (int i = 0; i < 63; ++i) {
    halves.merge(sum);
    sum.merge(ExactSum(sum));
  }
  CHECK(sum.rounded() == infinity, "2^63 times the largest number");
  check_canonical(sum);
  sum.merge(halves, -1);  // 2^63 − (1 + 2 + … + 2^62) times
  CHECK(same(sum, sum_of({largest})), sum.rounded());
}

// Limbs are full after so many values of one sign, and must have been carried before.
void test_many_values() {
  constexpr int count = 3000000;
  // Mantissas of ones at the place where most of their bits go to one limb.
  const double full[] = {std::ldexp(0x1.fffffffffffffp0, 31 - 1023),
                         std::ldexp(0x1.fffffffffffffp0, 32 - 1023), 0x1.fffffffffffffp0, largest};
  for (const double x : full) {
    ExactSum up, down, alternating;
    for (int i = 0; i < count; ++i) {
      up.add(x);
      down.add(-x);
      alternating.add(i % 2 ? -x : x);
    }
    const double expected = x == largest ? infinity : x * count;  // one rounding, as in the sum
    CHECK(up.rounded() == expected, x, up.rounded());
    CHECK(down.rounded() == -expected, x, down.rounded());
    CHECK(alternating.digits().sign == 0, x);
    ExactSum doubled;
    for (int bit = 30; bit >= 0; --bit) {
      doubled.merge(ExactSum(doubled));
      if (count >> bit & 1) doubled.add(x);
    }
    CHECK(same(doubled, up), x);
    up.merge(down);
    CHECK(up.digits().sign == 0, x);
  }
}

// Downward, upward and in leaps over all places: the limbs grow at both ends.
void test_growing() {
  for (const int step : {-1, 1, 37, 1073}) {
    ExactSum sum;
    std::vector<double> values;
    for (int i = 0, e = step < 0 ? 1023 : -1074; i < 2098; ++i) {
      const double x = std::ldexp(i % 3 ? 1.0 : -1.0, e);
      values.push_back(x);
      sum.add(x);
      e = (e + step + 1074 + 2098) % 2098 - 1074;
    }
    std::sort(values.begin(), values.end());
    CHECK(same(sum_of(values), sum), step);
    for (const double x : values) sum.add(-x);
    CHECK(sum.digits().sign == 0, step);
  }
}

void test_products_enter_whole() {
  Random random(4);
  for (int i = 0; i < 20000; ++i) {
    const double w = random.uniform(0.0, 1e6), x = random.uniform(0.0, 100.0);
    ExactSum product, parts;
    ExactTable::add_product(product, w, x);
    // The same product from quarters that multiply without rounding.
    const double w_upper = static_cast<float>(w), x_upper = static_cast<float>(x);
    for (const double a : {w_upper, w - w_upper})
      for (const double b : {x_upper, x - x_upper})
        if (a * b != 0.0) ExactTable::add_product(parts, a, b);
    CHECK(same(product, parts), w, x);
  }
}

}  // namespace

int main() {
  test_one_value_comes_back();
  test_only_finite_values_enter();
  test_order_and_merging_do_not_matter();
  test_sums_of_whole_numbers();
  test_cancellation();
  test_rounding_to_even();
  test_the_upper_end();
  test_many_values();
  test_growing();
  test_products_enter_whole();
}
