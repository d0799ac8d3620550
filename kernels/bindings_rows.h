// What the bindings of rows share: one side of a request, and how rows are split over threads.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "bindings.h"
#include "operations.h"
#include "pool.h"

namespace unsurprised {

// A type that the kernels read, and how its arrays come.
struct NamedType {
  std::string_view name;
  Type type;
  std::string_view kind;
  std::int64_t size;
};

inline NamedType type_named(const std::string& name) {
  static constexpr NamedType types[] = {
      {"float16", Type::f16, floating, 2},        {"bfloat16", Type::bf16, unsigned_integers, 2},
      {"float32", Type::f32, floating, 4},        {"float64", Type::f64, floating, 8},
      {"int8", Type::i8, signed_integers, 1},     {"int16", Type::i16, signed_integers, 2},
      {"int32", Type::i32, signed_integers, 4},   {"int64", Type::i64, signed_integers, 8},
      {"uint8", Type::u8, unsigned_integers, 1},  {"uint16", Type::u16, unsigned_integers, 2},
      {"uint32", Type::u32, unsigned_integers, 4}};
  for (const NamedType& entry : types)
    if (name == entry.name) return entry;
  throw nb::value_error(("no kernel reads " + name).c_str());
}

// One side of a request together with the array that it reads.
struct Rows {
  Buffer buffer;
  Side side{};

  Rows(nb::handle array, const std::string& dtype, bool log, bool checks_sum, double tolerance)
      : buffer(array) {
    const Py_buffer& view = buffer.view();
    if (view.ndim < 1 || view.ndim > RowsView::max_dimensions)
      throw nb::value_error("rows need 1 to 32 dimensions");
    side.form = log ? Form::log : Form::mass;
    side.checks_sum = checks_sum;
    side.tolerance = tolerance;
    RowsView& rows = side.view;
    rows.data = static_cast<const char*>(view.buf);
    const NamedType type = type_named(dtype);
    if (!buffer.holds(type.kind, type.size))
      throw nb::value_error(("the elements of the array are no " + dtype).c_str());
    rows.type = type.type;
    rows.classes = view.shape[view.ndim - 1];
    if (rows.classes < 1) throw nb::value_error("rows need at least one class");
    rows.class_stride = view.strides[view.ndim - 1];
    rows.dimensions = 0;
    for (int d = 0; d + 1 < view.ndim; ++d) push(view.shape[d], view.strides[d]);
  }

  std::int64_t count() const {
    std::int64_t rows = 1;
    for (int d = 0; d < side.view.dimensions; ++d) rows *= side.view.shape[d];
    return rows;
  }

 private:
  // Axes that continue each other in memory become one, so that finding a row is cheap.
  void push(std::int64_t length, std::int64_t stride) {
    RowsView& rows = side.view;
    const int last = rows.dimensions - 1;
    if (last >= 0 && rows.strides[last] == length * stride) {
      rows.shape[last] *= length;
      rows.strides[last] = stride;
      return;
    }
    rows.shape[rows.dimensions] = length;
    rows.strides[rows.dimensions++] = stride;
  }
};

// How many rows a thread takes at a time: some milliseconds' worth at most, and several shares for
// each thread. Kernels take up to 64 rows at once, so cuts are between those, unless rows are so
// long that there are few of them.
inline std::int64_t rows_at_a_time(std::int64_t rows, std::int64_t classes, int threads) {
  constexpr std::int64_t shares = 8, most_elements = 1 << 18;
  const std::int64_t wanted = std::min(rows / (threads * shares), most_elements / classes);
  for (const std::int64_t block : {64, 16})
    if (wanted >= block) return wanted / block * block;
  return std::max<std::int64_t>(wanted, 1);
}

// Calls work(begin, end, findings) for `step` rows at a time, on several threads.
template <class Work>
void in_chunks(std::int64_t rows, std::int64_t step, int threads, Findings* findings, Work work) {
  std::vector<std::array<Findings, 2>> found(static_cast<std::size_t>((rows + step - 1) / step));
  in_parallel(std::ssize(found), threads, [&](std::int64_t chunk) {
    const std::int64_t begin = chunk * step;
    work(begin, std::min(rows, begin + step), found[static_cast<std::size_t>(chunk)].data());
  });
  for (const auto& part : found)
    for (int side = 0; side < 2; ++side) findings[side].merge(part[static_cast<std::size_t>(side)]);
}

// Splits the rows over threads; a row's result does not depend on where the cuts are. `Asked` is a
// Request or a PairRequest.
template <class Asked>
void run_rows(void (*run)(const Asked&, std::int64_t, std::int64_t, Findings*),
              const Asked& request, std::int64_t classes, std::int64_t rows, int threads,
              Findings* findings) {
  if (threads <= 1 || rows <= 1) return run(request, 0, rows, findings);
  in_chunks(rows, rows_at_a_time(rows, classes, threads), threads, findings,
            [&](std::int64_t begin, std::int64_t end, Findings* found) {
              run(request, begin, end, found);
            });
}

// First faulty row, fault, rows whose sum is off, largest deviation of a sum from one.
using Found = nb::typed<nb::tuple, std::int64_t, int, std::int64_t, double>;
using BothFound = nb::typed<nb::tuple, Found, Found>;

inline Found as_tuple(const Findings& findings) {
  return nb::make_tuple(findings.first_row, static_cast<int>(findings.fault), findings.sum_off_rows,
                        findings.largest_deviation);
}

}  // namespace unsurprised
