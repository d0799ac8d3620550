// Tables of two columns of categories for Python: counted, and shuffled.
#include <algorithm>
#include <stdexcept>

#include "bindings.h"
#include "cell_counts.h"
#include "pool.h"
#include "targets.h"

namespace unsurprised {

namespace {

// The most cells of a table, and the most rows that are counted.
constexpr std::int64_t most_cells = std::int64_t{1} << 32, most_total = std::int64_t{1} << 52;

Codes codes_of(const Buffer& values, std::int64_t rows, std::uint64_t least, std::int64_t size) {
  const auto width = values.view().itemsize;
  const bool whole = values.holds(signed_integers, width) || values.holds(unsigned_integers, width);
  if (!whole || values.count() != rows || !PyBuffer_IsContiguous(&values.view(), 'C'))
    throw nb::value_error("contiguous integers of as many rows were expected");
  if (size < 1 || size > most_cells) throw nb::value_error("1 to 2^32 numbers were expected");
  return {values.view().buf, static_cast<int>(width), least, size};
}

// Adds pairs of numbers to a table; see cell_counts.h. A least number below 0 is handed in
// modulo 2^64.
void add_cells(nb::handle first, std::uint64_t first_least, std::int64_t first_size,
               nb::handle second, std::uint64_t second_least, std::int64_t second_size,
               nb::handle counts, int threads) {
  const Buffer x(first), y(second), table(counts, true);
  const std::int64_t rows = x.count();
  const Codes one = codes_of(x, rows, first_least, first_size);
  const Codes other = codes_of(y, rows, second_least, second_size);
  if (first_size > most_cells / second_size) throw nb::value_error("more than 2^32 cells");
  auto* to = table.contiguous<std::int64_t>(first_size * second_size);
  const WithoutGil released;
  count_cells(one, other, rows, threads, to);
}

// Counts by category; every one is above 0.
std::int64_t total_of(const std::int64_t* counts, std::int64_t categories) {
  std::int64_t total = 0;
  for (std::int64_t i = 0; i < categories; ++i) {
    if (counts[i] < 1 || counts[i] > most_total - total)
      throw std::invalid_argument("margins that no table has");
    total += counts[i];
  }
  return total;
}

void sums_of_shuffled(nb::handle first, nb::handle second, std::uint64_t stream, double units,
                      nb::handle out, int threads) {
  const Buffer one(first), other(second), written(out, true);
  Margins margins{};
  margins.first_count = one.count();
  margins.second_count = other.count();
  margins.first = one.contiguous<std::int64_t>(margins.first_count);
  margins.second = other.contiguous<std::int64_t>(margins.second_count);
  margins.total = total_of(margins.first, margins.first_count);
  margins.units = units;
  if (!margins.total || total_of(margins.second, margins.second_count) != margins.total)
    throw std::invalid_argument("margins of different tables");
  // n ln n of up to 2^52 rows is below 2^58.
  if (!(units > 0.0 && units * static_cast<double>(margins.total) <= 0x1p56))
    throw std::invalid_argument("units that sums of 64 bits do not hold");
  const std::int64_t count = written.count();
  auto* to = written.contiguous<std::int64_t>(count);
  const ShuffledTables run = target().shuffled_tables;
  const WithoutGil released;
  constexpr std::int64_t at_once = 8;
  in_parallel((count + at_once - 1) / at_once, threads, [&](std::int64_t chunk) {
    const std::int64_t from = chunk * at_once, last = std::min(count, from + at_once);
    run(margins, stream, from, last, to + from);
  });
}

}  // namespace

void bind_cells(nb::module_& module) {
  module.def("count_cells", &add_cells, nb::arg("first"), nb::arg("first_least"),
             nb::arg("first_size"), nb::arg("second"), nb::arg("second_least"),
             nb::arg("second_size"), nb::arg("counts"), nb::arg("threads"));
  module.def("shuffled_tables", &sums_of_shuffled, nb::arg("first"), nb::arg("second"),
             nb::arg("stream"), nb::arg("units"), nb::arg("out"), nb::arg("threads"));
}

}  // namespace unsurprised
