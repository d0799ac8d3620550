// Sums by segments and by columns against sums value by value, on every instruction set.
#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "check.h"
#include "columns.h"
#include "powers.h"

namespace {

using checks::any_values;
using checks::Random;
using unsurprised::Column;
using unsurprised::ExactSum;
using unsurprised::ExactTable;
using unsurprised::SegmentSums;
using unsurprised::Target;

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double largest = std::numeric_limits<double>::max();
constexpr double smallest = std::numeric_limits<double>::denorm_min();

std::vector<const Target*> targets() {
  std::vector<const Target*> found;
  const char* error = nullptr;
  for (const char* name : {"baseline", "avx2", "avx512"})
    if (const Target* target = unsurprised::choose_target(name, &error)) found.push_back(target);
  return found;
}

std::string bytes_of(const std::vector<double>& values) {
  ExactTable table(1);
  for (const double x : values) table.slot(0).add(x);
  return table.to_bytes();
}

void see(const std::vector<double>& values) {
  const std::string expected = bytes_of(values);
  const auto count = static_cast<std::int64_t>(values.size());
  for (const Target* target : targets()) {
    ExactTable table(1);
    unsurprised::add_values(table.slot(0), values.data(), count, *target);
    CHECK(table.to_bytes() == expected, target->name, count, count ? values[0] : 0.0);
  }
}

// How many parts the values take; the same segments must then have the sums of their values.
int parts_of(const std::vector<double>& values, const std::vector<std::int32_t>& ends,
             const Target& target) {
  std::vector<double> parts(ends.size() * SegmentSums::most_parts);
  const int held = target.sum_segments(values.data(), ends.data(),
                                       static_cast<std::int64_t>(ends.size()), parts.data());
  auto at = values.begin();
  for (std::size_t s = 0; held != SegmentSums::unfit && s < ends.size(); ++s) {
    const auto end = values.begin() + ends[s];
    const double* first = parts.data() + s * static_cast<std::size_t>(held);
    CHECK(bytes_of({first, first + held}) == bytes_of({at, end}), target.name, s, held);
    at = end;
  }
  return held;
}

int parts_of(const std::vector<double>& values, const Target& target) {
  return parts_of(values, {static_cast<std::int32_t>(values.size())}, target);
}

// Two where their span says so, and three else.
bool few(int parts) {
  return parts == 2 || parts == 3;
}

void test_any_values() {
  Random random(1);
  see({});
  for (int trial = 0; trial < 3000; ++trial) see(any_values(random, random.below(70)));
  for (int trial = 0; trial < 30; ++trial) see(any_values(random, random.below(9000)));
}

// Each number alone, and among others of about its size, at which it is cut elsewhere.
void test_every_exponent() {
  Random random(2);
  for (int e = -1074; e < 1024; ++e) {
    const double power = std::ldexp(1.0, e), below = std::nextafter(power, 0.0);
    const double odd = std::ldexp(1.0 + 0x1p-52, e);
    for (const double x : {power, below, odd, 1.5 * power}) {
      see({x});
      see({-x, x, -0.0, x});
      see({x, std::ldexp(random.uniform(-1.0, 1.0), std::max(e - 60, -1074)), -x});
    }
  }
  see(std::vector<double>(100, -0.0));
  see({largest, largest, -largest, smallest, -largest, 0.0});
  see({0x1p12, -0x1p12, std::nextafter(0x1p12, 0.0), 0x1p-20, 0x1p-46, 0x1p-72});
}

// As much as a run can hold of what moves a lane most, up, down and back and forth.
void test_full_runs() {
  for (const double x : {1.0, std::nextafter(1.0, 0.0), 0x1.55555p0, 0x1.5555555555555p3, 0x1p300})
    for (const double sign : {1.0, -1.0}) {
      std::vector<double> values(SegmentSums::most_values, sign * x);
      see(values);
      for (const Target* target : targets()) CHECK(parts_of(values, *target) == 2, target->name, x);
      for (std::size_t i = 0; i < values.size(); i += 2) values[i] = -values[i];
      values[4097] *= 1 + 0x1p-20;
      for (const Target* target : targets()) CHECK(parts_of(values, *target) == 2, target->name, x);
      values[4098] *= 0x1p-40;
      for (const Target* target : targets()) CHECK(parts_of(values, *target) == 3, target->name, x);
    }
}

// The total of the lanes has as many digits as a double; so must each lane.
void test_full_runs_of_any_digits() {
  Random random(7);
  for (const double sign : {1.0, -1.0}) {
    std::vector<double> values;
    while (values.size() < SegmentSums::most_values)
      values.push_back(sign * random.uniform(0.9, 1.0));
    for (const Target* target : targets()) CHECK(parts_of(values, *target) == 2, target->name);
  }
}

// One value that is too small, too large or no number, at any place.
void test_what_does_not_fit() {
  Random random(3);
  for (int trial = 0; trial < 300; ++trial) {
    std::vector<double> values;
    for (std::int64_t i = random.below(300); i >= 0; --i)
      values.push_back(random.uniform(-40.0, 40.0));
    values.push_back(40.0);
    const auto place =
        static_cast<std::size_t>(random.below(static_cast<std::int64_t>(values.size()) - 1));
    for (const Target* target : targets()) {
      const auto held_with = [&](double x) {
        std::vector<double> changed = values;
        changed[place] = x;
        return parts_of(changed, *target);
      };
      CHECK(few(held_with(0.5)), target->name);
      CHECK(few(held_with(0x1.8p-45)), target->name);
      CHECK(held_with(std::ldexp(1 + 0x1p-52, -90)) == 6, target->name);
      CHECK(held_with(-std::ldexp(1 + 0x1p-52, -90)) == 6, target->name);
      for (const double x : {smallest, -smallest, 0x1p-1022, 0x1.0000000000001p-300, largest,
                             infinity, -infinity, std::nan("")})
        CHECK(held_with(x) == SegmentSums::unfit, target->name, x, place);
    }
    values[place] = trial % 2 ? -smallest : 1e300;
    see(values);
  }
  for (const Target* target : targets()) {
    for (const double x : {infinity, -infinity, std::nan("")})
      for (const std::size_t count : {1, 2, 9, 4000}) {
        std::vector<double> values(count, 0.0);
        values.back() = x;
        ExactSum sum;
        CHECK_THROWS(
            std::invalid_argument,
            unsurprised::add_values(sum, values.data(), static_cast<std::int64_t>(count), *target));
      }
    CHECK(parts_of(std::vector<double>(20, std::nan("")), *target) == SegmentSums::unfit, "NaN");
  }
}

void test_segments() {
  Random random(4);
  for (int trial = 0; trial < 500; ++trial) {
    std::vector<double> values;
    std::vector<std::int32_t> ends;
    for (std::int64_t s = 1 + random.below(40); s > 0; --s) {
      for (std::int64_t i = random.below(3) ? random.below(50) : 0; i > 0; --i)
        values.push_back(
            std::ldexp(random.uniform(-1.0, 1.0), -static_cast<int>(random.below(20))));
      ends.push_back(static_cast<std::int32_t>(values.size()));
    }
    for (const Target* target : targets()) CHECK(few(parts_of(values, ends, *target)), trial);
  }
}

// What columns hold, row by row.
ExactTable table_of(const std::vector<Column>& columns, const std::vector<std::uint64_t>& hashes,
                    const double* weights, std::int64_t groups) {
  const auto width = static_cast<std::int64_t>(columns.size());
  ExactTable table(groups * width);
  for (std::size_t i = 0; i < hashes.size(); ++i)
    for (std::int64_t c = 0; c < width; ++c) {
      const Column& column = columns[static_cast<std::size_t>(c)];
      ExactSum& sum = table.slot(
          static_cast<std::int64_t>(hashes[i] % static_cast<std::uint64_t>(groups)) * width + c);
      const double weight = weights && column.weighted ? weights[i] : 1.0;
      if (column.nothing || (column.flags && !column.flags[i])) continue;
      if (column.values && weights)
        ExactTable::add_product(sum, weights[i], column.values[i]);
      else
        sum.add(column.values ? column.values[i] : weight);
    }
  return table;
}

void test_columns() {
  Random random(5);
  for (int trial = 0; trial < 60; ++trial) {
    const std::int64_t rows = random.below(trial % 3 ? 200 : 20000);
    const std::int64_t groups = trial % 4 ? 1 + random.below(256) : 32;
    std::vector<std::uint64_t> hashes;
    std::vector<std::uint8_t> flags;
    std::vector<double> weights, near;
    const std::vector<double> any = any_values(random, rows);
    for (std::int64_t i = 0; i < rows; ++i) {
      hashes.push_back(random.bits());
      flags.push_back(static_cast<std::uint8_t>(random.below(2)));
      weights.push_back(random.below(9) ? random.uniform(0.0, 3.0) : 0.0);
      near.push_back(std::ldexp(random.uniform(0.0, 1.0), 4 - static_cast<int>(random.below(30))));
    }
    const Column ones, nothing{nullptr, nullptr, true, true}, flagged{nullptr, flags.data()};
    const std::vector<Column> columns = {{nullptr, nullptr, false},
                                         {nullptr, flags.data(), false},
                                         ones,
                                         nothing,
                                         flagged,
                                         {near.data()}};
    std::vector<Column> unweighted = columns;
    unweighted.push_back({any.data()});
    for (const Target* target : targets())
      for (const double* w : {static_cast<const double*>(nullptr), std::as_const(weights).data()}) {
        const auto& chosen = w ? columns : unweighted;
        ExactTable table(groups * static_cast<std::int64_t>(chosen.size()));
        unsurprised::add_columns(table, chosen, hashes.data(), w, rows, *target);
        CHECK(table.to_bytes() == table_of(chosen, hashes, w, groups).to_bytes(), target->name,
              rows, groups, w != nullptr);
      }
  }
}

void test_cells() {
  Random random(7);
  for (int trial = 0; trial < 60; ++trial) {
    const std::int64_t rows = random.below(trial % 3 ? 200 : 20000);
    const std::int64_t groups = trial % 4 ? 1 + random.below(256) : 32;
    const std::int64_t cells = 1 + random.below(trial % 2 ? 4 : 300);
    std::vector<std::uint64_t> hashes;
    std::vector<std::uint8_t> flags;
    std::vector<std::int32_t> which;
    std::vector<double> weights, near;
    for (std::int64_t i = 0; i < rows; ++i) {
      hashes.push_back(random.bits());
      flags.push_back(static_cast<std::uint8_t>(random.below(2)));
      which.push_back(static_cast<std::int32_t>(random.below(cells)));
      weights.push_back(random.below(9) ? random.uniform(0.0, 3.0) : 0.0);
      near.push_back(random.uniform(0.0, 30.0));
    }
    const Column ones, nothing{nullptr, nullptr, true, true}, flagged{nullptr, flags.data()};
    const std::vector<Column> columns = {
        {nullptr, flags.data(), false}, ones, nothing, flagged, {near.data()}};
    const auto width = static_cast<std::int64_t>(columns.size());
    for (const double* w : {static_cast<const double*>(nullptr), std::as_const(weights).data()}) {
      std::vector<ExactTable> tables(static_cast<std::size_t>(cells), ExactTable(groups * width));
      std::vector<ExactTable*> given;
      for (ExactTable& table : tables) given.push_back(&table);
      unsurprised::add_cells(given, columns, which.data(), hashes.data(), w, rows, *targets()[0]);
      ExactTable all(groups * width);
      for (const ExactTable& table : tables) all.merge(table);
      CHECK(all.to_bytes() == table_of(columns, hashes, w, groups).to_bytes(), rows, groups, cells);
      const std::int64_t chosen = random.below(cells);
      std::vector<std::uint64_t> of_cell;
      std::vector<std::uint8_t> flags_of;
      std::vector<double> weights_of, near_of;
      for (std::size_t i = 0; i < which.size(); ++i)
        if (which[i] == chosen) {
          of_cell.push_back(hashes[i]);
          flags_of.push_back(flags[i]);
          weights_of.push_back(weights[i]);
          near_of.push_back(near[i]);
        }
      std::vector<Column> columns_of = columns;
      columns_of[0].flags = columns_of[3].flags = flags_of.data();
      columns_of[4].values = near_of.data();
      CHECK(tables[static_cast<std::size_t>(chosen)].to_bytes() ==
                table_of(columns_of, of_cell, w ? weights_of.data() : nullptr, groups).to_bytes(),
            rows, groups, cells);
    }
  }
}

// Squares with what they lose and cubes that are rounded once, row by row.
ExactTable powers_of(const std::vector<double>& values, const std::vector<std::uint8_t>& flags,
                     const std::vector<std::int32_t>& places, std::int64_t held) {
  constexpr int up = ExactTable::wide_up;
  const std::int64_t slots = unsurprised::power_slots(2, false);
  ExactTable table(held * slots, true, slots);
  for (std::size_t i = 0; i < values.size(); ++i) {
    const double x = values[i], square = x * x;
    ExactSum* sums = &table.slot(places[i] * slots);
    sums[0].add(x, up);
    sums[1].add(square, up);
    sums[1].add(std::fma(x, x, -square), up);
    sums[2].add(x * square, up);
    for (int power = 3; flags[i] && power < 6; ++power) sums[power].add(1.0, up);
    sums[6].add(1.0, up);
  }
  return table;
}

// Of values so far apart that cubes take from three to more parts than there are.
void test_powers() {
  Random random(8);
  for (int trial = 0; trial < 400; ++trial) {
    const std::int64_t rows = 1 + random.below(trial % 3 ? 300 : 20000);
    const std::int64_t held = trial % 2 ? 1 : 1 + random.below(40);
    const std::int64_t wide = 1 + random.below(80);
    const int up = 90 - static_cast<int>(random.below(200));
    std::vector<double> values;
    std::vector<std::uint8_t> flags;
    std::vector<std::int32_t> places;
    for (std::int64_t i = 0; i < rows; ++i) {
      const double x = random.below(20) ? random.uniform(-1.0, 1.0) : -0.0;
      values.push_back(std::ldexp(x, up - static_cast<int>(random.below(wide))));
      flags.push_back(static_cast<std::uint8_t>(random.below(2)));
      places.push_back(static_cast<std::int32_t>(random.below(held)));
    }
    const ExactTable expected = powers_of(values, flags, places, held);
    const std::vector<Column> columns = {{values.data()}, {nullptr, flags.data()}};
    for (const Target* target : targets()) {
      ExactTable table(expected.size(), true, unsurprised::power_slots(2, false));
      const std::int32_t* of = held == 1 ? nullptr : places.data();
      unsurprised::add_powers({&table}, columns, of, nullptr, rows, *target);
      CHECK(table.to_bytes() == expected.to_bytes(), target->name, rows, held, wide, up);
    }
  }
}

// One value that is too small, too large or no number leaves nothing half done.
void test_powers_that_do_not_fit() {
  for (const Target* target : targets())
    for (const double x : {smallest, 0x1p-1022, 0x1p-500, 1e200, largest, infinity, std::nan("")}) {
      const std::vector<double> values = {0.5, 3.0, x, 0.25, 1.0};
      const std::int32_t end = 5;
      int held[3];
      double parts[unsurprised::PowerSums::most_parts];
      CHECK(!target->sum_powers(values.data(), &end, 1, held, parts), target->name, x);
    }
}

void test_a_million_values() {
  Random random(6);
  std::vector<double> values;
  for (int i = 0; i < 1000000; ++i)
    values.push_back(i % 100003 ? random.uniform(0.0, 20.0) : 1e-40);
  see(values);
}

}  // namespace

int main() {
  test_any_values();
  test_every_exponent();
  test_full_runs();
  test_full_runs_of_any_digits();
  test_what_does_not_fit();
  test_segments();
  test_columns();
  test_cells();
  test_powers();
  test_powers_that_do_not_fit();
  test_a_million_values();
}
