// Measures of how far two rows overlap, in double precision: total variation, Hellinger's and
// Bhattacharyya's, and KL both ways.
#include "affinity.h"
#include "ratio.h"
#include "ways.h"

namespace UNSURPRISED_TARGET {

namespace {

// e^-d − 1 to its last digits, for any d that is a number.
UNSURPRISED_INLINE double fall(double d) {
  const bool near = std::fabs(d) < 0.5;
  const double held = d > -700.0 ? d : -700.0, power = exp(0.0 - held);
  const double kept = near ? d : 0.0, series = divergence_series(kept);
  return near ? series - kept : power - 1.0;
}

// What measures of the overlap are made of. d is less the offset, which the first of two passes
// finds: there all that both rows' normalisers are off by shows as Σ(Q − P).
template <class P, class Q>
struct Overlap {
  Ratio<P, Q> ratio;
  Lanes offset = all(0.0);

  Overlap(const P& p, const Q& q) : ratio{p, q} {}

  // Q − P of a class.
  struct Of {
    double p, q, d, excess;
    bool both;
    double apart;
  };

  UNSURPRISED_INLINE Of at(double x, double y, double first_class, int l) const {
    const auto of = ratio.at(x, y, first_class, l);
    const double d = of.d - offset[l];
    const bool above = d > 0.0;
    // Of the larger share, by which nothing is lost that the smaller one is below the floats.
    const double larger = above ? of.p : of.q, sign = above ? 1.0 : -1.0;
    const double excess = of.both ? sign * larger * fall(std::fabs(d)) : of.q - of.p;
    return {of.p, of.q, d, excess, of.both, of.apart};
  }
};

}  // namespace

}  // namespace UNSURPRISED_TARGET
