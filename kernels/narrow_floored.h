// Two rows of at most single precision, of which one at least is of log-probabilities as they are
// and may have a floor: what they differ by, in one read of both from cache.
#pragma once

#include <utility>

#include "floored_row.h"

namespace UNSURPRISED_TARGET {

// Sums of what both rows list and of what one of them has at its floor; see floored.cpp.
struct FlooredGaps {
  enum { kl, reverse_kl, js, total_variation, terms };
  double all[terms];     // of all classes, in nats; of the latter two twice as much
  double beyond[terms];  // of those that one side has at its floor
  double mass;           // there, of the side that lists it
};

// What a class of P, stated, and one of Q add. It goes through a few loops one after the other, for
// so long a chain of operations keeps a processor from beginning the next.
template <bool IsQStated>
class FlooredSteps {
 public:
  static constexpr int at_once = FlooredTiles::step;
  static constexpr int sums = 2 * FlooredGaps::terms + 1;

  FlooredSteps(const FlooredRow& p, const FlooredRow& q, float lowest)
      : p_cap_(static_cast<float>(p.log_cap)),
        p_tail_(p.has_tail ? p_cap_ : infinity_narrow),
        q_cap_(q.has_tail ? static_cast<float>(q.log_cap) : least),
        q_tail_(q.has_tail ? q_cap_ : infinity_narrow),
        top_(static_cast<float>(p.top)),
        shift_(q.shift),
        lowest_(lowest),
        most_(-lowest) {}

  // `found` are 32 sums of each side by side, in units of P's largest share.
  UNSURPRISED_APART void add(const float* x, const float* y, std::int64_t count,
                             Beside (&found)[sums]) {
    const FlooredSteps here = *this;
    Held held;
    for (std::int64_t i = 0; i < count; i += at_once) {
      for (int j = 0; j < at_once; ++j) here.compare(x[i + j], y[i + j], j, held);
      for (int j = 0; j < at_once; ++j) held.larger[j] = narrow_exp(held.larger[j]);
      for (int j = 0; j < at_once; ++j) {
        const Gap gap = Gap::of(std::fabs(held.d[j]), here.most_);
        held.w[j] = gap.w;
        held.u[j] = gap.u;
        held.c[j] = gap.c;
      }
      for (int from = 0; from < beside; from += in_registers) here.add_lanes(from, held, found);
    }
  }

 private:
  using Gap = DivergenceTerms::Gap;

  // Below any score that weighs; a float that is impossible is that.
  static constexpr float least = -1e30f;
  static constexpr std::uint32_t infinite = 0x7f800000u, sign = 0x80000000u;

#if defined(__AVX512F__)
  static constexpr int in_registers = lanes;
#else
  static constexpr int in_registers = lanes / 2;
#endif

  // Of some classes side by side.
  struct Held {
    alignas(64) float d[at_once], larger[at_once];  // ln p/q; the larger share, at first its log
    alignas(64) float w[at_once], u[at_once], c[at_once];
    alignas(64) std::uint32_t beyond[at_once];  // bits of a choice: one of the two is at its floor
  };

  // What is at a floor is taken for the nearest to the other side's that it may be; where both are,
  // they may be the same.
  UNSURPRISED_INLINE void compare(float given_x, float given_y, int j, Held& held) const {
    const float x = given_x > p_cap_ ? given_x : p_cap_, y = given_y > q_cap_ ? given_y : q_cap_;
    const Choice is_p_tail(x == p_tail_);
    const float p_most = std::bit_cast<float>(infinite & ~is_p_tail.bits);
    const float p_log = x == p_tail_ ? lowest_ : x;
    if constexpr (IsQStated) {
      const Choice is_q_tail(y == q_tail_);
      const float q_most = std::bit_cast<float>((infinite & ~is_q_tail.bits) | sign);
      const float q_log = y == q_tail_ ? lowest_ : y;
      float d = x - y;
      d = d < p_most ? d : p_most;
      held.d[j] = d > q_most ? d : q_most;
      held.larger[j] = share_of(p_log > q_log ? p_log : q_log);
      held.beyond[j] = is_p_tail.bits ^ is_q_tail.bits;
    } else {
      // y − shift without loss (Knuth's two-sum), and what that rounds to.
      const float upper = y - shift_.upper, back = upper - y;
      const float lower = ((y - (upper - back)) - (shift_.upper + back)) - shift_.lower;
      const float q_log = upper + lower, d = (x - upper) - lower;
      held.d[j] = d < p_most ? d : p_most;
      held.larger[j] = share_of(p_log > q_log ? p_log : q_log);
      held.beyond[j] = is_p_tail.bits;
    }
  }

  // A logarithm in units of P's largest share, which may be none; NaN stays.
  UNSURPRISED_INLINE float share_of(float log) const {
    const float gap = log - top_;
    return lowest_ > gap ? lowest_ : gap;
  }

  // Some lanes, whose sums stay in registers.
  UNSURPRISED_INLINE void add_lanes(int from, const Held& held, Beside (&found)[sums]) const {
    float local[sums][in_registers];
    for (int i = 0; i < sums; ++i)
      for (int l = 0; l < in_registers; ++l) local[i][l] = found[i][from + l];
    for (int k = from; k < at_once; k += beside)
      for (int l = 0; l < in_registers; ++l) {
        const int j = k + l;
        const Gap gap{held.w[j], held.u[j], held.c[j]};
        const DivergenceTerms::PerLarger per(held.d[j], gap);
        const float larger = held.larger[j];
        const float terms[] = {larger * per.forth, larger * per.back, larger * per.mixture,
                               larger * gap.u};
        const std::uint32_t beyond = held.beyond[j];
        const auto if_beyond = [beyond](float value) {
          return std::bit_cast<float>(std::bit_cast<std::uint32_t>(value) & beyond);
        };
        for (int i = 0; i < FlooredGaps::terms; ++i) local[i][l] += terms[i];
        for (int i = 0; i < FlooredGaps::terms; ++i)
          local[FlooredGaps::terms + i][l] += if_beyond(terms[i]);
        local[sums - 1][l] += if_beyond(larger);
      }
    for (int i = 0; i < sums; ++i)
      for (int l = 0; l < in_registers; ++l) found[i][from + l] = local[i][l];
  }

  const float p_cap_, p_tail_, q_cap_, q_tail_, top_;
  const TwoFloats shift_;      // of Q
  const float lowest_, most_;  // variables, see TileSums
};

class NarrowFloored {
 public:
  explicit NarrowFloored(std::int64_t classes) : lowest_(classes > 0 ? lowest_gap : 0.0f) {}

  // Of two rows that are read; whether single precision could tell.
  bool read(FlooredRow& p, FlooredRow& q, FlooredGaps& found) {
    if (p.is_stated && q.is_stated)
      add_up<true>(p, q, found);
    else
      p.is_stated ? add_up<false>(p, q, found) : add_up<false>(q, p, found);
    if (!p.is_stated) {
      std::swap(found.all[FlooredGaps::kl], found.all[FlooredGaps::reverse_kl]);
      std::swap(found.beyond[FlooredGaps::kl], found.beyond[FlooredGaps::reverse_kl]);
    }
    // What is likely on one side and all but impossible on the other is more.
    constexpr double most = 1e15;
    return found.all[FlooredGaps::kl] < most && found.all[FlooredGaps::reverse_kl] < most;
  }

 private:
  template <bool IsQStated>
  void add_up(FlooredRow& p, FlooredRow& q, FlooredGaps& found) {
    using Steps = FlooredSteps<IsQStated>;
    Steps steps(p, q, lowest_);
    Lanes lanes_of[Steps::sums] = {};
    // Beyond the end are two that are next to nothing, and the same.
    const auto beyond = static_cast<float>(lowest_ + q.shift);
    for (std::int64_t first = 0; first < p.view.classes; first += FlooredTiles::size) {
      const FlooredTiles::Part xs = x_.at(p.view, p.row, first, lowest_);
      const FlooredTiles::Part ys = y_.at(q.view, q.row, first, beyond);
      p.add_listed(xs.x, xs.count);
      if constexpr (IsQStated) q.add_listed(ys.x, ys.count);
      Beside sums[Steps::sums];
      for (Beside& sum : sums)
        for (int j = 0; j < beside; ++j) sum[j] = 0.0f;
      steps.add(xs.x, ys.x, xs.count, sums);
      for (int i = 0; i < Steps::sums; ++i) add_to(lanes_of[i], sums[i]);
    }
    double summed[Steps::sums];
    for (int i = 0; i < Steps::sums; ++i) summed[i] = folded(lanes_of[i].at, plus);
    p.complete();
    if constexpr (IsQStated) q.complete();
    const double unit = exp(p.top);
    for (int i = 0; i < FlooredGaps::terms; ++i) {
      found.all[i] = summed[i] * unit;
      found.beyond[i] = summed[FlooredGaps::terms + i] * unit;
    }
    found.mass = summed[Steps::sums - 1] * unit;
  }

  const float lowest_;
  FlooredTiles x_, y_;
};

}  // namespace UNSURPRISED_TARGET
