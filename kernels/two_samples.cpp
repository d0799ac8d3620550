#include "two_samples.h"

#include "dealing.h"
#include "elementary.h"
#include "target.h"

namespace UNSURPRISED_TARGET {

namespace {

using unsurprised::TwoSamples;

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

void permute(const TwoSamples& samples, const SampleTerms& terms, UniformNumbers draws,
             double* sums) {
  std::int64_t rows = samples.first_rows + samples.second_rows, marked = samples.first_rows;
  sums[0] = sums[1] = 0.0;
  for (std::int64_t k = 0; k < samples.categories; ++k) {
    const std::int64_t drawn = samples.both[k];
    const std::int64_t found = dealt(rows, marked, drawn, draws);
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
