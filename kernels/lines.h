// A column in ascending order, in which what lies around a place is counted at once.
#pragma once

#include <cstdint>
#include <vector>

namespace unsurprised {

// The smallest i of 0 … last that is in, of those that hold from some place on, `last` among them.
// It is looked for from a guess, in steps that double, so that a good one is cheap.
template <class In>
std::int64_t first_in(std::int64_t guess, std::int64_t last, In in) {
  std::int64_t out = guess - 1, found = guess;  // the last place that is not in, one that is
  if (in(guess)) {
    for (std::int64_t step = 1; out >= 0 && in(out); step *= 2) {
      found = out;
      out -= step;
    }
    if (out < -1) out = -1;
  } else {
    out = guess;
    found = guess + 1;
    for (std::int64_t step = 1; found < last && !in(found); step *= 2) {
      out = found;
      found += step;
    }
    if (found > last) found = last;
  }
  while (found - out > 1) {
    const std::int64_t middle = out + (found - out) / 2;
    (in(middle) ? found : out) = middle;
  }
  return found;
}

// Which distances are within a radius: those below it, or those up to it.
struct Within {
  double radius;
  bool closed;
  bool operator()(double distance) const { return closed ? distance <= radius : distance < radius; }
};

class Line {
 public:
  // The values of some rows, or of all `count` of them where there are none.
  Line(const double* values, const std::int32_t* rows, std::int64_t count);

  std::int64_t size() const { return static_cast<std::int64_t>(values_.size()); }
  double value(std::int64_t place) const { return values_[static_cast<std::size_t>(place)]; }
  const std::vector<double>& values() const { return values_; }
  // Which row, counted among those that were given, is at a place.
  std::int64_t row(std::int64_t place) const { return order_[static_cast<std::size_t>(place)]; }

  // How many others are within a radius of a place. Distances are compared as they round, at both
  // ends: a search for x ± r would miscount what lies on the boundary.
  std::int64_t count(std::int64_t place, Within within) const {
    if (!within(0.0)) return 0;
    const double x = value(place);
    const std::int64_t last = size() - 1;
    const std::int64_t low = first_in(below(x - within.radius, place), place,
                                      [&](std::int64_t i) { return within(x - value(i)); });
    const std::int64_t high = first_in(last - above(x + within.radius, place), last - place,
                                       [&](std::int64_t i) { return within(value(last - i) - x); });
    return last - high - low;
  }

  // The distance of a place to its k-th neighbour, of which there are enough.
  double neighbour(std::int64_t place, std::int64_t k) const {
    const double x = value(place);
    std::int64_t low = place, high = place;
    double distance = 0.0;
    for (; k > 0; --k) {
      const bool down = high == size() - 1 || (low > 0 && x - value(low - 1) < value(high + 1) - x);
      distance = down ? x - value(--low) : value(++high) - x;
    }
    return distance;
  }

 private:
  // Where the first value of x's bucket is, no further than a place.
  std::int64_t below(double x, std::int64_t place) const {
    const std::int64_t at = starts_[bucket(x)];
    return at < place ? at : place;
  }
  std::int64_t above(double x, std::int64_t place) const {
    const std::int64_t at = starts_[bucket(x) + 1] - 1;
    return at > place ? at : place;
  }

  // A monotone key that is straight near the middle and logarithmic far out, so that few values
  // share a bucket however heavy the tails are.
  std::int64_t key(double x) const;
  std::size_t bucket(double x) const {
    const std::int64_t at = (key(x) - least_) >> shift_;
    return at < 0           ? 0
           : at >= buckets_ ? static_cast<std::size_t>(buckets_ - 1)
                            : static_cast<std::size_t>(at);
  }

  std::vector<double> values_;
  std::vector<std::int64_t> order_;
  std::vector<std::int32_t> starts_;
  double middle_ = 0.0, narrowness_ = 1.0;  // one part of the spread
  std::int64_t least_ = 0, buckets_ = 1;
  int shift_ = 0;
};

}  // namespace unsurprised
