#include "two_samples.h"

#include <algorithm>

#include "elementary.h"
#include "hashing.h"
#include "target.h"

namespace UNSURPRISED_TARGET {

namespace {

using unsurprised::TwoSamples;

// Of fewer rows than this each is dealt by itself; a distribution takes as long as some of them.
constexpr std::int64_t dealt_singly = 24;

double divergence_term(double first_share, double second_share) {
  const double sum = first_share + second_share;
  if (!(sum > 0.0)) return 0.0;
  const double s = (first_share - second_share) / sum, z = s * s;
  if (z <= 1.0 / 16.0) return 0.5 * sum * entropy_series(z) * bits_per_nat;
  const double a = 2.0 * first_share / sum, b = 2.0 * second_share / sum;
  const double of_first = a > 0.0 ? a * natural_log(a) : 0.0;
  const double of_second = b > 0.0 ? b * natural_log(b) : 0.0;
  return 0.25 * sum * (of_first + of_second) * bits_per_nat;
}

// The terms of a category for two samples of so many rows.
class SampleTerms {
 public:
  explicit SampleTerms(const TwoSamples& samples)
      : first_rows_(static_cast<double>(samples.first_rows)),
        second_rows_(static_cast<double>(samples.second_rows)),
        first_filled_(first_rows_ + 0.5 * static_cast<double>(samples.categories)),
        second_filled_(second_rows_ + 0.5 * static_cast<double>(samples.categories)) {}

  void add(std::int64_t in_first, std::int64_t in_second, double* sums) const {
    const auto a = static_cast<double>(in_first), b = static_cast<double>(in_second);
    sums[0] += divergence_term(a / first_rows_, b / second_rows_);
    const double p = (a + 0.5) / first_filled_, q = (b + 0.5) / second_filled_;
    sums[1] += (p - q) * natural_log(p / q);
  }

 private:
  double first_rows_, second_rows_, first_filled_, second_filled_;
};

class UniformNumbers {
 public:
  UniformNumbers(std::uint64_t stream, std::int64_t permutation)
      : at_(unsurprised::mix(stream ^ unsurprised::mix(static_cast<std::uint64_t>(permutation)))) {}

  // Above 0 and below 1.
  double next() {
    const std::uint64_t bits = unsurprised::mix(at_++) >> 12;
    return (static_cast<double>(static_cast<std::int64_t>(bits)) + 0.5) * 0x1p-52;
  }

 private:
  std::uint64_t at_;
};

// ln k!; by Stirling's series from 16 on, whose first term left out is below 1e-14.
double log_factorial(double k) {
  if (k < 16.0) {
    double product = 1.0;
    for (double i = 2.0; i <= k; i += 1.0) product *= i;
    return natural_log(product);
  }
  constexpr double half_log_two_pi = 0x1.d67f1c864beb5p-1;
  const double r = 1.0 / k, z = r * r;
  const double series = r * (1.0 / 12.0 - z * (1.0 / 360.0 - z * (1.0 / 1260.0 - z / 1680.0)));
  return (k + 0.5) * natural_log(k) - k + half_log_two_pi + series;
}

double log_choose(double n, double k) {
  return log_factorial(n) - log_factorial(k) - log_factorial(n - k);
}

// How many of `drawn` rows are among the `marked` ones of `rows`, row by row.
std::int64_t dealt_row_by_row(std::int64_t rows, std::int64_t marked, std::int64_t drawn,
                              UniformNumbers& draws) {
  std::int64_t left = marked;
  for (std::int64_t i = 0; i < drawn; ++i)
    left -= draws.next() * static_cast<double>(rows - i) < static_cast<double>(left) ? 1 : 0;
  return marked - left;
}

// The same by inversion of the hypergeometric distribution, from its mode outwards.
std::int64_t dealt_at_once(std::int64_t rows, std::int64_t marked, std::int64_t drawn,
                           UniformNumbers& draws) {
  const auto all = static_cast<double>(rows), n = static_cast<double>(marked),
             t = static_cast<double>(drawn);
  const double others = all - n;
  const double least = std::max(0.0, t - others), most = std::min(t, n);
  if (least >= most) return static_cast<std::int64_t>(least);
  const double mode =
      std::min(std::max(std::floor((t + 1.0) * ((n + 1.0) / (all + 2.0))), least), most);
  double above = exp(log_choose(n, mode) + log_choose(others, t - mode) - log_choose(all, t));
  double left = draws.next() - above;
  if (left < 0.0) return static_cast<std::int64_t>(mode);
  double below = above, high = mode, low = mode;
  while ((high < most || low > least) && above + below > 1e-300) {
    if (high < most) {
      above *= ((t - high) * (n - high)) / ((high + 1.0) * (others - t + high + 1.0));
      high += 1.0;
      left -= above;
      if (left < 0.0) return static_cast<std::int64_t>(high);
    } else {
      above = 0.0;
    }
    if (low > least) {
      below *= (low * (others - t + low)) / ((t - low + 1.0) * (n - low + 1.0));
      low -= 1.0;
      left -= below;
      if (left < 0.0) return static_cast<std::int64_t>(low);
    } else {
      below = 0.0;
    }
  }
  return static_cast<std::int64_t>(mode);  // what rounding leaves over
}

void permute(const TwoSamples& samples, const SampleTerms& terms, UniformNumbers draws,
             double* sums) {
  std::int64_t rows = samples.first_rows + samples.second_rows, marked = samples.first_rows;
  sums[0] = sums[1] = 0.0;
  for (std::int64_t k = 0; k < samples.categories; ++k) {
    const std::int64_t drawn = samples.both[k];
    const std::int64_t found = drawn < dealt_singly ? dealt_row_by_row(rows, marked, drawn, draws)
                                                    : dealt_at_once(rows, marked, drawn, draws);
    terms.add(found, drawn - found, sums);
    rows -= drawn;
    marked -= found;
  }
}

}  // namespace

void divergence_terms(const TwoSamples& samples, double* out) {
  const SampleTerms terms(samples);
  for (std::int64_t k = 0; k < samples.categories; ++k) {
    out[2 * k] = out[2 * k + 1] = 0.0;
    terms.add(samples.first[k], samples.both[k] - samples.first[k], out + 2 * k);
  }
}

void permuted_divergences(const TwoSamples& samples, std::uint64_t stream, std::int64_t begin,
                          std::int64_t end, double* sums) {
  const SampleTerms terms(samples);
  for (std::int64_t number = begin; number < end; ++number)
    permute(samples, terms, UniformNumbers(stream, number), sums + 2 * (number - begin));
}

}  // namespace UNSURPRISED_TARGET
