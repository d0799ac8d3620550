#include "tempered.h"

#include "score_rows.h"

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

}  // namespace

void tempered(const double* scores, std::int64_t rows, std::int64_t classes, double inverse,
              double* means, double* variances) {
  for (std::int64_t row = 0; row < rows; ++row, scores += classes) {
    const double top = largest(scores, classes);
    Moments moments;
    each_gap(scores, classes, top,
             [&](const double* gaps, std::int64_t, std::int64_t) { moments.add(gaps, inverse); });
    const double mass = folded(moments.mass);
    const double mean = folded(moments.first) / mass;
    means[row] = top + mean;
    variances[row] = folded(moments.second) / mass - mean * mean;
  }
}

}  // namespace UNSURPRISED_TARGET
