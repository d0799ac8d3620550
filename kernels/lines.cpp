#include "lines.h"

#include <bit>
#include <cmath>

#include "ordering.h"

namespace unsurprised {

std::int64_t Line::key(double x) const {
  const double far = 1.0 + std::fabs(x - middle_) * narrowness_;
  const auto bits = static_cast<std::int64_t>(std::bit_cast<std::uint64_t>(far) -
                                              std::bit_cast<std::uint64_t>(1.0));
  return x < middle_ ? -bits : bits;
}

Line::Line(const double* values, const std::int32_t* rows, std::int64_t count)
    : values_(static_cast<std::size_t>(count)), order_(static_cast<std::size_t>(count)) {
  if (count == 0) return;
  std::vector<double> own;
  if (rows) {
    own.resize(static_cast<std::size_t>(count));
    for (std::int64_t i = 0; i < count; ++i) own[static_cast<std::size_t>(i)] = values[rows[i]];
    values = own.data();
  }
  order(values, count, order_.data());
  for (std::int64_t i = 0; i < count; ++i) values_[static_cast<std::size_t>(i)] = values[row(i)];
  middle_ = value(count / 2);
  double spread = value(count - 1 - count / 4) - value(count / 4);
  if (!(spread > 0.0)) spread = value(count - 1) - value(0);
  if (const double one_of = 1.0 / spread; spread > 0.0 && std::isfinite(one_of))
    narrowness_ = one_of;
  least_ = key(value(0));
  const auto range = static_cast<std::uint64_t>(key(value(count - 1)) - least_);
  while ((range >> shift_) > static_cast<std::uint64_t>(2 * count)) ++shift_;
  buckets_ = static_cast<std::int64_t>(range >> shift_) + 1;
  starts_.resize(static_cast<std::size_t>(buckets_) + 1);
  std::size_t next = 0;
  for (std::int64_t i = 0; i < count; ++i)
    for (const std::size_t last = bucket(value(i)); next <= last; ++next)
      starts_[next] = static_cast<std::int32_t>(i);
  for (; next < starts_.size(); ++next) starts_[next] = static_cast<std::int32_t>(count);
}

}  // namespace unsurprised
