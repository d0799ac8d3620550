#include "shuffled_tables.h"

#include <algorithm>
#include <vector>

#include "dealing.h"
#include "elementary.h"
#include "target.h"

namespace UNSURPRISED_TARGET {

namespace {

using unsurprised::Margins;

std::int64_t term(std::int64_t count, double units) {
  if (count < 2) return 0;
  const auto c = static_cast<double>(count);
  return static_cast<std::int64_t>(c * natural_log(c) * units + 0.5);
}

std::int64_t shuffled(const Margins& margins, std::vector<std::int64_t>& left,
                      UniformNumbers draws) {
  std::copy(margins.second, margins.second + margins.second_count, left.begin());
  std::int64_t rows = margins.total, sum = 0;
  for (std::int64_t i = 0; i + 1 < margins.first_count; ++i) {
    std::int64_t drawn = margins.first[i], among = rows;
    rows -= drawn;
    for (std::int64_t k = 0; drawn > 0; ++k) {
      const std::int64_t marked = left[static_cast<std::size_t>(k)];
      // Who is drawn and who is marked may change places; few draws are dealt one by one.
      const std::int64_t found =
          dealt(among, std::max(marked, drawn), std::min(marked, drawn), draws);
      sum += term(found, margins.units);
      left[static_cast<std::size_t>(k)] -= found;
      among -= marked;
      drawn -= found;
    }
  }
  for (const std::int64_t count : left) sum += term(count, margins.units);
  return sum;
}

}  // namespace

void shuffled_tables(const Margins& margins, std::uint64_t stream, std::int64_t begin,
                     std::int64_t end, std::int64_t* sums) {
  std::vector<std::int64_t> left(static_cast<std::size_t>(margins.second_count));
  for (std::int64_t number = begin; number < end; ++number)
    sums[number - begin] = shuffled(margins, left, UniformNumbers(stream, number));
}

}  // namespace UNSURPRISED_TARGET
