#include "tempered.h"

#include "rows.h"

namespace UNSURPRISED_TARGET {

namespace {

// One row, 16 neighbouring classes at a time; a class beyond the last is one without a share.
struct Moments {
  Lanes mass = all(0.0), first = all(0.0), second = all(0.0);

  UNSURPRISED_INLINE void add(const double* gaps, double inverse) {
    for (int l = 0; l < lanes; ++l) {
      const bool possible = gaps[l] > -infinity;
      const double gap = possible ? gaps[l] : 0.0;
      const double power = exp(gap * inverse);
      const double share = possible ? power : 0.0;
      const double weighted = share * gap;
      mass[l] += share;
      first[l] += weighted;
      second[l] = std::fma(weighted, gap, second[l]);
    }
  }
};

double folded(Lanes sums) {
  for (int width = lanes / 2; width; width /= 2)
    for (int l = 0; l < width; ++l) sums[l] += sums[l + width];
  return sums[0];
}

double largest(const double* scores, std::int64_t classes) {
  Lanes top = all(-infinity);
  std::int64_t k = 0;
  for (; k + lanes <= classes; k += lanes)
    for (int l = 0; l < lanes; ++l) top[l] = scores[k + l] > top[l] ? scores[k + l] : top[l];
  double best = top[0];
  for (int l = 1; l < lanes; ++l) best = top[l] > best ? top[l] : best;
  for (; k < classes; ++k) best = scores[k] > best ? scores[k] : best;
  return best;
}

}  // namespace

void tempered(const double* scores, std::int64_t rows, std::int64_t classes, double inverse,
              double* means, double* variances) {
  for (std::int64_t row = 0; row < rows; ++row, scores += classes) {
    const double top = largest(scores, classes);
    Moments moments;
    double gaps[lanes];
    for (std::int64_t k = 0; k < classes; k += lanes) {
      const std::int64_t held = classes - k < lanes ? classes - k : lanes;
      if (held == lanes)
        for (int l = 0; l < lanes; ++l) gaps[l] = scores[k + l] - top;
      else
        for (int l = 0; l < lanes; ++l) gaps[l] = l < held ? scores[k + l] - top : -infinity;
      moments.add(gaps, inverse);
    }
    const double mass = folded(moments.mass);
    const double mean = folded(moments.first) / mass;
    means[row] = top + mean;
    variances[row] = folded(moments.second) / mass - mean * mean;
  }
}

}  // namespace UNSURPRISED_TARGET
