// Exact sums, counts and hashes for Python.
#include <nanobind/stl/pair.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "bindings.h"
#include "columns.h"
#include "ordering.h"
#include "pool.h"
#include "powers.h"
#include "targets.h"

namespace unsurprised {

namespace {

// Columns as Python hands them: None (one a row), False (nothing), an array of bool or of float64.
class Columns {
 public:
  Columns(const nb::typed<nb::list, nb::object>& values, std::int64_t rows,
          std::int64_t unweighted_columns) {
    for (nb::handle value : values) {
      Column& part = parts_.emplace_back();
      part.weighted = static_cast<std::int64_t>(parts_.size()) > unweighted_columns;
      part.nothing = value.ptr() == Py_False;
      if (value.is_none() || part.nothing) continue;
      const Buffer& buffer = *held_.emplace_back(std::make_unique<Buffer>(value));
      if (buffer.view().itemsize == 1)
        part.flags = buffer.contiguous<std::uint8_t>(rows);
      else
        part.values = buffer.contiguous<double>(rows);
    }
  }

  const std::vector<Column>& parts() const { return parts_; }

  // How many groups a table of these columns has.
  std::int64_t groups(const ExactTable& table) const {
    const auto columns = static_cast<std::int64_t>(parts_.size());
    if (columns == 0 || table.size() % columns)
      throw nb::value_error("the number of columns does not fit the table");
    const std::int64_t groups = table.size() / columns;
    if (groups < 1 || groups > most_groups) throw nb::value_error("expected 1 to 256 groups");
    return groups;
  }

 private:
  std::vector<Column> parts_;
  std::vector<std::unique_ptr<Buffer>> held_;
};

void add_to_columns(ExactTable& table, nb::handle hashes,
                    const nb::typed<nb::list, nb::object>& values, nb::handle weights,
                    std::int64_t unweighted_columns) {
  const Buffer keys(hashes);
  const std::int64_t rows = keys.count();
  const Columns columns(values, rows, unweighted_columns);
  std::optional<Buffer> given;
  const double* w = weights.is_none() ? nullptr : given.emplace(weights).contiguous<double>(rows);
  const auto* ids = keys.contiguous<std::uint64_t>(rows);
  columns.groups(table);
  const Target& chosen = target();
  const Alone alone(table);
  const WithoutGil release;
  add_columns(table, columns.parts(), ids, w, rows, chosen);
}

// The same for rows of several tables; cells tell which of them a row belongs to.
void add_to_cells(const std::vector<ExactTable*>& tables, nb::handle cells, nb::handle hashes,
                  const nb::typed<nb::list, nb::object>& values, nb::handle weights,
                  std::int64_t unweighted_columns) {
  const Buffer keys(hashes), given_cells(cells);
  const std::int64_t rows = keys.count();
  const Columns columns(values, rows, unweighted_columns);
  std::optional<Buffer> given;
  const double* w = weights.is_none() ? nullptr : given.emplace(weights).contiguous<double>(rows);
  const auto* ids = keys.contiguous<std::uint64_t>(rows);
  const auto* of = given_cells.contiguous<std::int32_t>(rows);
  for (const ExactTable* table : tables) {
    if (!table) throw nb::value_error("a table is None");
    columns.groups(*table);
  }
  std::vector<std::unique_ptr<Alone<ExactTable>>> alone;
  for (const ExactTable* table : tables)
    alone.push_back(std::make_unique<Alone<ExactTable>>(*table));
  const Target& chosen = target();
  const WithoutGil release;
  add_cells(tables, columns.parts(), of, ids, w, rows, chosen);
}

// Squares and cubes of rows; see powers.h.
void add_powers_of(const std::vector<ExactTable*>& tables, nb::handle places,
                   const nb::typed<nb::list, nb::object>& values, nb::handle weights,
                   std::int64_t rows) {
  const Columns columns(values, rows, 0);
  std::optional<Buffer> given, given_places;
  const double* w = weights.is_none() ? nullptr : given.emplace(weights).contiguous<double>(rows);
  const auto* of =
      places.is_none() ? nullptr : given_places.emplace(places).contiguous<std::int32_t>(rows);
  std::vector<std::unique_ptr<Alone<ExactTable>>> alone;
  for (const ExactTable* table : tables) {
    if (!table) throw nb::value_error("a table is None");
    alone.push_back(std::make_unique<Alone<ExactTable>>(*table));
  }
  const Target& chosen = target();
  const WithoutGil release;
  add_powers(tables, columns.parts(), of, w, rows, chosen);
}

void add_at_slots(ExactTable& table, nb::handle slots, nb::handle values) {
  const Buffer keys(slots), added(values);
  const std::int64_t count = keys.count();
  const auto* at = keys.contiguous<std::int64_t>(count);
  const auto* x = added.contiguous<double>(count);
  const Alone alone(table);
  const WithoutGil release;
  for (std::int64_t i = 0; i < count; ++i) {
    if (at[i] < 0 || at[i] >= table.size()) throw std::invalid_argument("a slot outside the table");
    if (!std::isfinite(x[i])) throw std::invalid_argument("only finite values have an exact sum");
    table.slot(at[i]).add(x[i]);
  }
}

void add_to_slot(ExactTable& table, std::int64_t slot, nb::handle values) {
  const Buffer added(values);
  const std::int64_t count = added.count();
  const auto* x = added.contiguous<double>(count);
  if (slot < 0 || slot >= table.size()) throw std::invalid_argument("a slot outside the table");
  const Target& chosen = target();
  const Alone alone(table);
  const WithoutGil release;
  add_values(table.slot(slot), x, count, chosen);
}

// Each sum times a power of two, of exponents that repeat: those of a wide table may be no doubles.
void rounded(const ExactTable& table, nb::handle out, const std::vector<int>& exponents) {
  const Buffer values(out, true);
  double* to = values.contiguous<double>(table.size());
  const Alone alone(table);
  const auto repeat = static_cast<std::int64_t>(exponents.size());
  const int unit = table.wide() ? -ExactTable::wide_up : 0;
  std::fill(to, to + table.size(), 0.0);
  table.for_met([&](std::int64_t i, const ExactSum& sum) {
    const int up = repeat ? exponents[static_cast<std::size_t>(i % repeat)] : 0;
    to[i] = sum.rounded(unit + up);
  });
}

// The same of the rows of `width` sums of which any was met: which ones, ascending, as the bytes of
// int64, and their sums as those of double.
std::pair<nb::bytes, nb::bytes> rounded_met(const ExactTable& table, std::int64_t width,
                                            const std::vector<int>& exponents) {
  if (width < 1 || std::ssize(exponents) != width) throw nb::value_error("an exponent a column");
  std::vector<std::int64_t> rows;
  std::vector<double> sums;
  const Alone alone(table);
  const int unit = table.wide() ? -ExactTable::wide_up : 0;
  table.for_met([&](std::int64_t i, const ExactSum& sum) {
    if (rows.empty() || rows.back() != i / width) {
      rows.push_back(i / width);
      sums.resize(sums.size() + static_cast<std::size_t>(width), 0.0);
    }
    const auto column = static_cast<std::size_t>(i % width);
    sums[(rows.size() - 1) * static_cast<std::size_t>(width) + column] =
        sum.rounded(unit + exponents[column]);
  });
  return {nb::bytes(rows.data(), rows.size() * sizeof(std::int64_t)),
          nb::bytes(sums.data(), sums.size() * sizeof(double))};
}

// For a table of groups × columns: each column's total, and the same without each of the groups.
void group_totals(const ExactTable& table, std::int64_t columns, nb::handle totals,
                  nb::handle without) {
  const std::int64_t groups = columns ? table.size() / columns : 0;
  const Buffer whole(totals, true), parts(without, true);
  double* total_out = whole.contiguous<double>(columns);
  double* without_out = parts.contiguous<double>(groups * columns);
  const Alone alone(table);
  for (std::int64_t c = 0; c < columns; ++c) {
    ExactSum total;
    for (std::int64_t g = 0; g < groups; ++g) total.merge(table.slot(g * columns + c));
    total_out[c] = total.rounded();
    for (std::int64_t g = 0; g < groups; ++g) {
      ExactSum rest = total;
      rest.merge(table.slot(g * columns + c), -1);
      without_out[g * columns + c] = rest.rounded();
    }
  }
}

template <class Major, class Minor>
void add_pairs(Tally& tally, nb::handle major, nb::handle minor, std::int64_t modulus,
               std::int64_t width) {
  const Buffer a(major), b(minor);
  const std::int64_t count = a.count();
  const auto* x = a.contiguous<Major>(count);
  const auto* y = b.contiguous<Minor>(count);
  if (width < 1 || modulus < 0) throw nb::value_error("a width or a modulus below 1");
  const Alone alone(tally);
  const WithoutGil release;
  count_pairs(tally, x, y, count, modulus, width);
}

void add_leading_bits(Tally& tally, nb::handle values, int dropped_bits) {
  const Buffer buffer(values);
  const std::int64_t count = buffer.count();
  const auto* x = buffer.contiguous<double>(count);
  if (dropped_bits < 0 || dropped_bits > 63) throw nb::value_error("expected 0 to 63 bits");
  const Alone alone(tally);
  const WithoutGil release;
  count_leading_bits(tally, x, count, dropped_bits);
}

// Of the keys that were met: the keys, ascending, and their counts, each as the bytes of int64.
std::pair<nb::bytes, nb::bytes> held(const Tally& tally) {
  std::vector<std::int64_t> keys, counts;
  const Alone alone(tally);
  for (std::int64_t key = 0; key < tally.size(); ++key)
    if (const std::int64_t count = tally.counts()[key]) {
      keys.push_back(key);
      counts.push_back(count);
    }
  const std::size_t size = keys.size() * sizeof(std::int64_t);
  return {nb::bytes(keys.data(), size), nb::bytes(counts.data(), size)};
}

void counts_of(const Tally& tally, nb::handle out) {
  const Buffer values(out, true);
  auto* to = values.contiguous<std::int64_t>(tally.size());
  const Alone alone(tally);
  std::memcpy(to, tally.counts(), static_cast<std::size_t>(tally.size()) * sizeof(std::int64_t));
}

void labels_agree(nb::handle labels, nb::handle others, nb::handle out) {
  const Buffer a(labels), b(others), flags(out, true);
  const std::int64_t count = a.count();
  const auto* x = a.contiguous<std::int64_t>(count);
  const auto* y = b.contiguous<std::int32_t>(count);
  auto* to = flags.contiguous<bool>(count);
  const WithoutGil release;
  agree(x, y, count, to);
}

void isotonic(nb::handle values, nb::handle weights, nb::handle out) {
  const Buffer given(values), mass(weights), fit(out, true);
  const std::int64_t count = given.count();
  const auto* x = given.contiguous<double>(count);
  const auto* w = mass.contiguous<double>(count);
  auto* to = fit.contiguous<double>(count);
  const WithoutGil release;
  pool_adjacent_violators(x, w, count, to);
}

template <class Number>
void write_order(const Buffer& given, std::int64_t* to) {
  const std::int64_t count = given.count();
  const auto* from = given.contiguous<Number>(count);
  const WithoutGil release;
  order(from, count, to);
}

// Places in ascending order, of doubles or of hashes.
void order_into(nb::handle numbers, nb::handle out) {
  const Buffer given(numbers), places(out, true);
  auto* to = places.contiguous<std::int64_t>(given.count());
  if (given.holds(floating, sizeof(double)))
    write_order<double>(given, to);
  else
    write_order<std::uint64_t>(given, to);
}

// Hashes ids, or first, first + 1, … where there are none. Salts tell files apart.
void hash_into(nb::handle out, const std::int64_t* ids, std::int64_t first, std::int64_t count,
               std::uint64_t salt) {
  const Buffer hashes(out, true);
  auto* to = hashes.contiguous<std::uint64_t>(count);
  const HashRows hash_rows = target().hash_rows;
  const WithoutGil release;
  hash_rows(ids, static_cast<std::uint64_t>(first), count, salt ? mix(salt) : 0, to);
}

void hash_integers(nb::handle ids, std::uint64_t salt, nb::handle out) {
  const Buffer in(ids);
  const std::int64_t count = in.count();
  hash_into(out, in.contiguous<std::int64_t>(count), 0, count, salt);
}

void hash_range(std::int64_t first, std::uint64_t salt, nb::handle out) {
  hash_into(out, nullptr, first, Buffer(out, true).count(), salt);
}

// Strings as Arrow lays them out: `offsets` (int64, one more than strings) into `data`.
void hash_strings(nb::handle offsets, nb::handle data, nb::handle out) {
  const Buffer cuts(offsets), text(data), hashes(out, true);
  const std::int64_t count = hashes.count();
  const auto* at = cuts.contiguous<std::int64_t>(count + 1);
  auto* to = hashes.contiguous<std::uint64_t>(count);
  const auto* bytes = reinterpret_cast<const char*>(text.contiguous<std::uint8_t>(text.count()));
  for (std::int64_t i = 0; i < count; ++i) {
    if (at[i] < 0 || at[i] > at[i + 1] || at[i + 1] > text.view().len)
      throw std::invalid_argument("offsets outside the text");
    to[i] = hash_bytes(bytes + at[i], static_cast<std::size_t>(at[i + 1] - at[i]));
  }
}

// Rows of numbers; those of a row lie behind each other.
void hash_rows_of(const nb::typed<nb::list, nb::object>& columns, nb::handle out) {
  const Buffer hashes(out, true);
  const std::int64_t count = hashes.count();
  std::vector<std::unique_ptr<Buffer>> held;
  std::vector<RowBytes> parts;
  for (nb::handle column : columns) {
    const Py_buffer& view = held.emplace_back(std::make_unique<Buffer>(column))->view();
    const bool fits = view.ndim == 2 && view.shape[0] == count &&
                      (view.shape[1] <= 1 || view.strides[1] == view.itemsize);
    if (!fits) throw nb::value_error("rows of another number or layout were expected");
    parts.push_back(
        {static_cast<const char*>(view.buf), view.shape[1] * view.itemsize, view.strides[0]});
  }
  auto* to = hashes.contiguous<std::uint64_t>(count);
  const WithoutGil release;
  hash_columns(parts, count, to);
}

// Rows by category of two samples; those of both are at least those of the first.
class Samples {
 public:
  Samples(nb::handle first, nb::handle both) : first_(first), both_(both) {
    samples_.categories = both_.count();
    samples_.first = first_.contiguous<std::int64_t>(samples_.categories);
    samples_.both = both_.contiguous<std::int64_t>(samples_.categories);
    for (std::int64_t k = 0; k < samples_.categories; ++k) {
      const std::int64_t in_first = samples_.first[k], in_both = samples_.both[k];
      if (in_first < 0 || in_first > in_both || in_both > Tally::most_counted >> 10)
        throw std::invalid_argument("counts that no two samples have");
      samples_.first_rows += in_first;
      samples_.second_rows += in_both - in_first;
      if (samples_.first_rows + samples_.second_rows > Tally::most_counted >> 9)
        throw std::invalid_argument("more rows than can be counted");
    }
    if (!samples_.first_rows || !samples_.second_rows)
      throw std::invalid_argument("a sample without rows");
  }

  const TwoSamples& samples() const { return samples_; }

 private:
  const Buffer first_, both_;
  TwoSamples samples_{};
};

// What categories add to the divergence of two samples; see two_samples.h.
void divergence_terms(nb::handle first, nb::handle both, nb::handle out) {
  const Samples given(first, both);
  const Buffer terms(out, true);
  auto* to = terms.contiguous<double>(2 * given.samples().categories);
  target().two_samples.terms(given.samples(), to);
}

void permuted_divergences(nb::handle first, nb::handle both, std::uint64_t stream,
                          std::int64_t begin, nb::handle out, int threads) {
  const Samples given(first, both);
  const Buffer divergences(out, true);
  const std::int64_t count = divergences.count() / 2;
  auto* to = divergences.contiguous<double>(2 * count);
  const PermutedDivergences run = target().two_samples.permuted;
  const WithoutGil released;
  constexpr std::int64_t at_once = 50;
  in_parallel((count + at_once - 1) / at_once, threads, [&](std::int64_t chunk) {
    const std::int64_t from = chunk * at_once, last = std::min(count, from + at_once);
    run(given.samples(), stream, begin + from, begin + last, to + 2 * from);
  });
}

template <class T>
nb::bytes to_bytes(const T& state) {
  const Alone alone(state);
  const std::string bytes = state.to_bytes();
  return nb::bytes(bytes.data(), bytes.size());
}

// A table may be merged with itself, which is then entered once.
template <class T>
void merge(T& table, const T& other) {
  const Alone alone(table);
  std::optional<Alone<T>> others;
  if (&other != &table) others.emplace(other);
  table.merge(other);
}

}  // namespace

void bind_tables(nb::module_& module) {
  module.def("agree", &labels_agree, nb::arg("labels"), nb::arg("others"), nb::arg("out"));
  module.def("isotonic", &isotonic, nb::arg("values"), nb::arg("weights"), nb::arg("out"));
  module.def("order", &order_into, nb::arg("numbers"), nb::arg("out"));
  module.def("hash_integers", &hash_integers, nb::arg("ids"), nb::arg("salt"), nb::arg("out"));
  module.def("hash_range", &hash_range, nb::arg("first"), nb::arg("salt"), nb::arg("out"));
  module.def("hash_strings", &hash_strings, nb::arg("offsets"), nb::arg("data"), nb::arg("out"));

  module.def("hash_columns", &hash_rows_of, nb::arg("columns"), nb::arg("out"));

  module.def("divergence_terms", &divergence_terms, nb::arg("first"), nb::arg("both"),
             nb::arg("out"));
  module.def("permuted_divergences", &permuted_divergences, nb::arg("first"), nb::arg("both"),
             nb::arg("stream"), nb::arg("begin"), nb::arg("out"), nb::arg("threads"));

  nb::class_<ExactTable>(module, "ExactTable")
      .def(nb::init<std::int64_t, bool, std::int64_t>(), nb::arg("size").noconvert(),
           nb::arg("wide") = false, nb::arg("together") = 1)
      .def_prop_ro("size", &ExactTable::size)
      .def("add", &add_at_slots, nb::arg("slots"), nb::arg("values"))
      .def("add_all", &add_to_slot, nb::arg("slot"), nb::arg("values"))
      .def("add_columns", &add_to_columns, nb::arg("hashes"), nb::arg("values"),
           nb::arg("weights").none(), nb::arg("unweighted_columns"))
      .def("merge", &merge<ExactTable>, nb::arg("other"))
      .def("rounded", &rounded, nb::arg("out"), nb::arg("exponents") = std::vector<int>())
      .def("rounded_met", &rounded_met, nb::arg("width"), nb::arg("exponents"))
      .def("group_totals", &group_totals, nb::arg("columns"), nb::arg("totals"), nb::arg("without"))
      .def("to_bytes", &to_bytes<ExactTable>)
      .def_static(
          "from_bytes",
          [](const nb::bytes& data, std::int64_t size, bool wide, std::int64_t together) {
            return ExactTable::from_bytes(data.c_str(), data.size(), size, wide, together);
          },
          nb::arg("data"), nb::arg("size"), nb::arg("wide") = false, nb::arg("together") = 1);

  module.def("add_to_cells", &add_to_cells, nb::arg("tables"), nb::arg("cells"), nb::arg("hashes"),
             nb::arg("values"), nb::arg("weights").none(), nb::arg("unweighted_columns"));

  module.def("add_powers", &add_powers_of, nb::arg("tables"), nb::arg("places").none(),
             nb::arg("values"), nb::arg("weights").none(), nb::arg("rows"));

  nb::class_<Tally>(module, "Tally")
      .def(nb::init<std::int64_t>(), nb::arg("size").noconvert())
      .def_prop_ro("size", &Tally::size)
      .def("add_by_group", &add_pairs<std::uint64_t, std::int64_t>, nb::arg("hashes"),
           nb::arg("keys"), nb::arg("groups"), nb::arg("width"))
      .def("add_pairs", &add_pairs<std::int64_t, std::int32_t>, nb::arg("major"), nb::arg("minor"),
           nb::arg("groups"), nb::arg("width"))
      .def("add_leading_bits", &add_leading_bits, nb::arg("values"), nb::arg("dropped_bits"))
      .def("merge", &merge<Tally>, nb::arg("other"))
      .def("held", &held)
      .def("counts", &counts_of, nb::arg("out"))
      .def("to_bytes", &to_bytes<Tally>)
      .def_static(
          "from_bytes",
          [](const nb::bytes& data, std::int64_t size) {
            return Tally::from_bytes(data.c_str(), data.size(), size);
          },
          nb::arg("data"), nb::arg("size"));
}

}  // namespace unsurprised
