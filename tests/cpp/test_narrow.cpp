// Rows of scores of single precision: what one read finds, against long double.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <iostream>
#include <vector>

#include "check.h"
#include "narrow_log_pair.h"

namespace {

using checks::Random;
using Wide = long double;

constexpr int many = checks::emulated ? 1 << 12 : 1 << 18;

// The error that kernels/narrow_elementary.h states for an exponential.
double stated(double gap) {
  return 1.3e-7 + 7.5e-8 * std::fabs(gap);
}

void test_exponential() {
  Random random(1);
  double worst = 0.0;
  for (int i = 0; i < many; ++i) {
    const auto gap = static_cast<float>(-87.0 * random.uniform(0.0, 1.0) *
                                        (i % 2 ? 1.0 : random.uniform(0.0, 1.0)));
    const Wide truth = std::exp(static_cast<Wide>(gap));
    const auto error = static_cast<double>(
        std::fabs(static_cast<Wide>(baseline::narrow_exp(gap)) - truth) / truth);
    CHECK(error <= stated(gap), gap, error);
    worst = std::max(worst, error / stated(gap));
  }
  CHECK(baseline::narrow_exp(0.0f) == 1.0f, 0);
  CHECK(std::isnan(baseline::narrow_exp(std::nanf(""))), 0);
  std::cout << "narrow_exp: at most " << worst << " of the bound\n";
}

template <class F, class G>
void test_function(const char* name, F found, G truth, double low, double high, double stated) {
  Random random(3);
  double worst = 0.0;
  for (int i = 0; i < many; ++i) {
    const double near_zero = i % 2 ? std::pow(random.uniform(0.0, 1.0), 12.0) : 1.0;
    const auto x = static_cast<float>(random.uniform(low, high) * near_zero);
    if (std::fabs(x) < 1e-30f) continue;  // nothing is promised of subnormal numbers
    const Wide true_value = truth(static_cast<Wide>(x));
    const Wide error = std::fabs((static_cast<Wide>(found(x)) - true_value) / true_value);
    worst = std::max(worst, static_cast<double>(error));
    CHECK(static_cast<double>(error) <= stated, static_cast<double>(x));
  }
  std::cout << name << ": at most " << worst << "\n";
}

// Of a whole logarithm, which may be 0, the error is that of the mantissa's.
void test_logarithm() {
  Random random(4);
  for (int i = 0; i < many; ++i) {
    const auto mantissa = static_cast<float>(random.uniform(0.5, 2.0));
    const int exponent = static_cast<int>(random.uniform(-120.0, 120.0));
    const float x = std::ldexp(mantissa, exponent);
    const baseline::NarrowLog2 log = baseline::narrow_log2(x);
    const Wide left = std::log2(static_cast<Wide>(x)) -
                      static_cast<Wide>(log.exponent - baseline::NarrowLog2::bias);
    const Wide error = std::fabs(static_cast<Wide>(log.of_mantissa) - left);
    CHECK(error <= 1.5e-7L * std::fabs(left), static_cast<double>(x));
    CHECK(std::fabs(log.of_mantissa) <= 0.5001f, static_cast<double>(x));
  }
  for (int exponent = -126; exponent < 128; ++exponent) {
    const baseline::NarrowLog2 log = baseline::narrow_log2(std::ldexp(1.0f, exponent));
    CHECK(log.exponent - log.bias == static_cast<float>(exponent) && log.of_mantissa == 0.0f,
          exponent);
  }
  // Whatever enters, a number comes out, which a weight of 0 can be multiplied by.
  for (const float x : {0.0f, INFINITY, std::nanf("")})
    CHECK(std::isfinite(baseline::narrow_log2(x).exponent + baseline::narrow_log2(x).of_mantissa),
          static_cast<double>(x));
}

void test_functions() {
  test_function(
      "narrow_log2_1p",
      [](float r) {
        float logs[1];
        baseline::narrow_log2_1p({r}, logs);
        return logs[0];
      },
      [](Wide r) { return std::log1p(r) / std::log(2.0L); }, 0.0, 300.0, 4e-7);
  test_function(
      "narrow_log1p", [](float w) { return baseline::narrow_log1p(w); },
      [](Wide w) { return std::log1p(w); }, 0.0, 0.055, 1.5e-7);
  // The series cancel in long double near 0, where their first terms are the truth.
  test_function(
      "narrow_divergence", [](float d) { return baseline::narrow_divergence(d); },
      [](Wide d) {
        if (std::fabs(d) < 1e-4L) return 0.5L - d / 6 + d * d / 24;
        return (std::expm1(-d) + d) / (d * d);
      },
      -2.0, 2.0, 2e-7);
  const auto expm1 = [](Wide m) { return std::expm1(m); };
  const auto found_expm1 = [](float m) { return baseline::expm1_of(baseline::narrow_power(m)); };
  test_function("expm1_of", found_expm1, expm1, -40.0, 40.0, 5e-7);
  test_function("expm1_of near 0", found_expm1, expm1, -0.69, 0.69, 2e-7);
  // Squares of these are subnormal numbers.
  const auto is_tiny = [](auto m) { return std::fabs(m) < 1e-15f; };
  const auto expm1_minus = [is_tiny](Wide m) {
    if (is_tiny(m)) return m;
    if (std::fabs(m) < 1e-4L) return m * m * (0.5L + m / 6 + m * m / 24);
    return std::expm1(m) - m;
  };
  const auto found_minus = [is_tiny](float m) {
    return is_tiny(m) ? m : baseline::expm1_minus(baseline::narrow_power(m), m);
  };
  test_function("expm1_minus", found_minus, expm1_minus, -40.0, 40.0, 1e-6);
  test_function("expm1_minus near 0", found_minus, expm1_minus, -0.69, 0.69, 2.5e-7);
  test_function(
      "narrow_jensen_shannon", [](float z) { return baseline::narrow_jensen_shannon(z); },
      [](Wide z) {
        if (z < 1e-7L) return 0.125L - z / 64;
        const Wide d = std::sqrt(z);
        return (d / 2 * std::tanh(d / 2) - std::log(std::cosh(d / 2))) / z;
      },
      0.0, 9.0, 6e-7);
}

unsurprised::RowsView view_of(const std::vector<float>& row) {
  unsurprised::RowsView view{};
  view.data = reinterpret_cast<const char*>(row.data());
  view.type = unsurprised::Type::f32;
  view.classes = static_cast<std::int64_t>(row.size());
  view.class_stride = sizeof(float);
  return view;
}

template <bool WithSpread>
baseline::Scan scanned(const unsurprised::RowsView& view) {
  baseline::LogTiles tiles(view, -INFINITY);
  return baseline::scan<WithSpread>(view, tiles, view.data, true);
}

void check_row(const std::vector<float>& row) {
  const unsurprised::RowsView view = view_of(row);
  const baseline::Scan found = scanned<true>(view);
  const auto top = std::max_element(row.begin(), row.end());
  Wide rest = 0.0L, spread = 0.0L;
  for (auto it = row.begin(); it != row.end(); ++it) {
    if (it == top || *it == -INFINITY) continue;
    const Wide gap = static_cast<Wide>(*top) - *it;
    rest += std::exp(-gap);
    spread += std::exp(-gap) * gap;
  }
  CHECK(found.told, row.size());
  CHECK(found.top == *top, row.size());
  CHECK(found.top_at == static_cast<double>(top - row.begin()), row.size());
  const auto off = [](double value, Wide truth) {
    return truth ? static_cast<double>(std::fabs(value - truth) / truth) : std::fabs(value);
  };
  const auto nearest = static_cast<double>(-std::log(rest));
  const double bound = stated(std::max(nearest, 0.0) + 20.0);
  CHECK(off(found.rest, rest) <= bound, row.size(), off(found.rest, rest));
  CHECK(off(found.spread, spread) <= bound, row.size(), off(found.spread, spread));
}

void test_rows() {
  Random random(2);
  for (const int size : {64, 65, 127, 128, 1000, 4095, 4096, 4097, 4159, 20000}) {
    if (checks::emulated && size > 4097) continue;
    for (const double width : {0.01, 1.0, 20.0}) {
      std::vector<float> row(static_cast<std::size_t>(size));
      for (float& x : row)
        x = static_cast<float>(width * (random.uniform(0.0, 1.0) - 0.5) + 1e3 * width);
      check_row(row);
      row.back() = row.front() = *std::max_element(row.begin(), row.end());  // two on top
      check_row(row);
      std::reverse(row.begin(), row.end());
      row[row.size() / 2] = -INFINITY;
      check_row(row);
      std::sort(row.begin(), row.end());  // a new top in every tile
      check_row(row);
      if (size > 5000) {  // tiles in which nothing is possible, first and last
        std::fill(row.begin(), row.begin() + 4096, -INFINITY);
        std::fill(row.end() - 4200, row.end(), -INFINITY);
        check_row(row);
      }
    }
  }
}

// What single precision cannot tell is said to be so.
void test_untold() {
  for (const std::size_t size : {64u, 5000u}) {
    const std::vector<float> certain = [size] {
      std::vector<float> row(size, -500.0f);
      row[size - 3] = 0.0f;
      return row;
    }();
    std::vector<std::vector<float>> rows(4, certain);
    rows[1][7] = std::nanf("");
    rows[2][7] = INFINITY;
    rows[3].assign(size, -INFINITY);
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const unsurprised::RowsView view = view_of(rows[i]);
      CHECK(!scanned<true>(view).told, size, i);
    }
    std::vector<float> with_nan(size, 0.0f);
    with_nan[size - 1] = std::nanf("");
    const unsurprised::RowsView view = view_of(with_nan);
    CHECK(!scanned<false>(view).told, size);
  }
}

}  // namespace

int main() {
  test_exponential();
  test_logarithm();
  test_functions();
  test_rows();
  test_untold();
}
