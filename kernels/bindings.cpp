// The only file that knows Python: arrays come in by the buffer protocol, the GIL is released.
#include <nanobind/nanobind.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <type_traits>
#include <vector>

#include "exact.h"
#include "operations.h"
#include "targets.h"

namespace nb = nanobind;
using namespace unsurprised;

namespace {

// Codes of the struct module for numbers of one kind; their sizes tell them apart.
constexpr std::string_view floating = "efd", signed_integers = "bhilqn",
                           unsigned_integers = "?BHILQN";

template <class T>
constexpr std::string_view kind_of = std::is_floating_point_v<T> ? floating
                                     : std::is_signed_v<T>       ? signed_integers
                                                                 : unsigned_integers;

// A strided view of an object's memory for as long as this lives.
class Buffer {
 public:
  explicit Buffer(nb::handle object, bool writable = false) {
    const int flags = PyBUF_FORMAT | (writable ? PyBUF_STRIDED : PyBUF_STRIDED_RO);
    if (PyObject_GetBuffer(object.ptr(), &view_, flags) != 0) throw nb::python_error();
  }
  ~Buffer() { PyBuffer_Release(&view_); }
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;

  const Py_buffer& view() const { return view_; }

  // The memory as `count` contiguous T; the Python side prepares such arrays.
  template <class T>
  T* contiguous(std::int64_t count) const {
    const bool fits = holds(kind_of<T>, sizeof(T)) && this->count() == count &&
                      PyBuffer_IsContiguous(&view_, 'C');
    if (!fits) throw nb::value_error("an array of another type, length or layout was expected");
    return static_cast<T*>(view_.buf);
  }

  // Whether the elements are numbers of this kind and size, in this machine's byte order.
  bool holds(std::string_view kind, std::int64_t size) const {
    const std::string_view format = view_.format ? view_.format : "B";
    return view_.itemsize == size && format.size() == 1 && kind.find(format) != kind.npos;
  }

  std::int64_t count() const { return view_.itemsize ? view_.len / view_.itemsize : 0; }

 private:
  Py_buffer view_{};
};

// A type that the kernels read, and how its arrays come.
struct NamedType {
  std::string_view name;
  Type type;
  std::string_view kind;
  std::int64_t size;
};

NamedType type_named(const std::string& name) {
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

// Needs the GIL, for the error that it may raise. The variable is read once.
const Target& target() {
  static const char* const given = std::getenv("UNSURPRISED_ISA");
  static const std::string name = given ? given : "";
  static const char* error = nullptr;
  static const Target* const chosen = choose_target(name.c_str(), &error);
  if (!chosen) {
    const nb::object call_error = nb::module_::import_("unsurprised.errors").attr("CallError");
    const std::string message = "UNSURPRISED_ISA='" + name + "': " + error;
    PyErr_SetString(call_error.ptr(), message.c_str());
    throw nb::python_error();
  }
  return *chosen;
}

// Splits the rows over threads; a row's result does not depend on where the cuts are.
void run_rows(Run run, const Request& request, std::int64_t rows, int threads, Findings* findings) {
  const std::int64_t share = (rows / std::max(threads, 1) / 16 + 1) * 16;
  if (threads <= 1 || share >= rows) return run(request, 0, rows, findings);
  std::vector<std::vector<Findings>> found;
  for (std::int64_t begin = 0; begin < rows; begin += share) found.emplace_back(2);
  std::vector<std::thread> workers;
  workers.reserve(found.size());
  for (std::size_t i = 1; i < found.size(); ++i) {
    const auto work = [&, i] {
      const auto begin = static_cast<std::int64_t>(i) * share;
      run(request, begin, std::min(rows, begin + share), found[i].data());
    };
    try {
      workers.emplace_back(work);
    } catch (const std::exception&) {
      work();  // a thread that the system refuses is no reason to fail
    }
  }
  run(request, 0, share, found[0].data());
  for (auto& worker : workers) worker.join();
  for (const auto& part : found)
    for (int side = 0; side < 2; ++side) findings[side].merge(part[static_cast<std::size_t>(side)]);
}

// First faulty row, fault, rows whose sum is off, largest deviation of a sum from one.
using Found = nb::typed<nb::tuple, std::int64_t, int, std::int64_t, double>;
using BothFound = nb::typed<nb::tuple, Found, Found>;

Found as_tuple(const Findings& findings) {
  return nb::make_tuple(findings.first_row, static_cast<int>(findings.fault), findings.sum_off_rows,
                        findings.largest_deviation);
}

// The operation of a name, if it was given what it works on.
Operation operation_named(const std::string& name, bool with_q, bool with_labels) {
  static constexpr struct {
    const char* name;
    Operation operation;
    bool q, labels;
  } operations[] = {{"surprisal", Operation::surprisal, false, true},
                    {"entropy", Operation::entropy, false, false},
                    {"cross_entropy", Operation::cross_entropy, true, false},
                    {"kl_divergence", Operation::kl_divergence, true, false}};
  for (const auto& entry : operations)
    if (name == entry.name && with_q == entry.q && with_labels == entry.labels)
      return entry.operation;
  throw nb::value_error(("no kernel " + name + " takes these arguments").c_str());
}

// Fills `values` and answers what was wrong with p's and q's rows.
BothFound measure(const std::string& name, const Rows& p, nb::handle q, nb::handle labels,
                  double units_per_bit, nb::handle values, int threads) {
  Request request;
  request.operation = operation_named(name, !q.is_none(), !labels.is_none());
  const std::int64_t rows = p.count();
  request.p = &p.side;
  request.units_per_bit = units_per_bit;
  if (!q.is_none()) {
    const Rows& other = nb::cast<const Rows&>(q);
    if (other.count() != rows || other.side.view.classes != p.side.view.classes)
      throw nb::value_error("the two sides have different shapes");
    request.q = &other.side;
  }
  const Buffer out(values, true);
  request.values = out.contiguous<double>(rows);
  std::optional<Buffer> at;
  if (!labels.is_none()) request.labels = at.emplace(labels).contiguous<std::int64_t>(rows);
  Findings findings[2];
  const Run run = target().run;
  {
    const nb::gil_scoped_release release;
    run_rows(run, request, rows, threads, findings);
  }
  return nb::make_tuple(as_tuple(findings[0]), as_tuple(findings[1]));
}

// Everything that an evaluation asks of a row, in one read of it.
Found facts(const Rows& p, nb::handle labels, double units_per_bit, nb::handle values,
            nb::handle entropies, nb::handle top_surprisals, nb::handle tops) {
  Request request;
  request.operation = Operation::facts;
  request.p = &p.side;
  request.units_per_bit = units_per_bit;
  const std::int64_t rows = p.count();
  const Buffer out[] = {Buffer(values, true), Buffer(entropies, true), Buffer(top_surprisals, true),
                        Buffer(tops, true)};
  request.values = out[0].contiguous<double>(rows);
  request.entropies = out[1].contiguous<double>(rows);
  request.top_surprisals = out[2].contiguous<double>(rows);
  request.tops = out[3].contiguous<std::int32_t>(rows);
  std::optional<Buffer> at;
  if (!labels.is_none()) request.labels = at.emplace(labels).contiguous<std::int64_t>(rows);
  Findings findings[2];
  const Run run = target().run;
  {
    const nb::gil_scoped_release release;
    run(request, 0, rows, findings);
  }
  return as_tuple(findings[0]);
}

void event_surprisals(nb::handle probabilities, double units_per_bit, nb::handle values) {
  const Buffer in(probabilities), out(values, true);
  const std::int64_t count = in.count();
  target().surprisals(in.contiguous<double>(count), units_per_bit, count,
                      out.contiguous<double>(count));
}

constexpr std::int64_t most_groups = 256;

// A column of Sums: doubles, or flags (one byte each), or nothing, which means one a row.
struct Column {
  std::optional<Buffer> buffer;
  const double* values = nullptr;
  const std::uint8_t* flags = nullptr;
  bool weighted = true;
  bool nothing = false;
};

// Adds rows whose groups are known to one column.
void add_column(ExactTable& table, const Column& column, std::int64_t index, std::int64_t columns,
                const std::uint8_t* group, std::int64_t from, std::int64_t to, std::int64_t groups,
                const double* weights) {
  auto slot = [&](std::int64_t i) -> ExactSum& {
    return table.slot(group[i - from] * columns + index);
  };
  if (column.nothing) return;
  if (column.values && weights) {
    for (std::int64_t i = from; i < to; ++i)
      ExactTable::add_product(slot(i), weights[i], column.values[i]);
  } else if (column.values) {
    RunSum sums[most_groups];
    for (std::int64_t i = from; i < to; ++i) sums[group[i - from]].add(column.values[i], slot(i));
    for (std::int64_t g = 0; g < groups; ++g) sums[g].flush(table.slot(g * columns + index));
  } else if (weights && column.weighted) {
    for (std::int64_t i = from; i < to; ++i)
      if (!column.flags || column.flags[i]) slot(i).add(weights[i]);
  } else {
    std::int32_t counts[most_groups] = {};
    if (column.flags)
      for (std::int64_t i = from; i < to; ++i) counts[group[i - from]] += column.flags[i];
    else
      for (std::int64_t i = from; i < to; ++i) ++counts[group[i - from]];
    for (std::int64_t g = 0; g < groups; ++g)
      if (counts[g]) table.slot(g * columns + index).add(static_cast<double>(counts[g]));
  }
}

// values: for each column None (one a row), False (nothing), an array of bool or of float64.
void add_columns(ExactTable& table, nb::handle hashes,
                 const nb::typed<nb::list, nb::object>& values, nb::handle weights,
                 std::int64_t unweighted_columns) {
  const Buffer keys(hashes);
  const std::int64_t rows = keys.count();
  const auto columns = static_cast<std::int64_t>(values.size());
  if (columns == 0 || table.size() % columns)
    throw nb::value_error("the number of columns does not fit the table");
  std::vector<Column> parts(static_cast<std::size_t>(columns));
  std::int64_t index = 0;
  for (nb::handle value : values) {
    Column& part = parts[static_cast<std::size_t>(index)];
    part.weighted = index++ >= unweighted_columns;
    part.nothing = value.ptr() == Py_False;
    if (value.is_none() || part.nothing) continue;
    part.buffer.emplace(value);
    if (part.buffer->view().itemsize == 1)
      part.flags = part.buffer->contiguous<std::uint8_t>(rows);
    else
      part.values = part.buffer->contiguous<double>(rows);
  }
  std::optional<Buffer> given;
  const double* w = weights.is_none() ? nullptr : given.emplace(weights).contiguous<double>(rows);
  const auto* ids = keys.contiguous<std::uint64_t>(rows);
  const std::int64_t groups = table.size() / columns;
  if (groups < 1 || groups > most_groups) throw nb::value_error("expected 1 to 256 groups");
  const nb::gil_scoped_release release;
  constexpr std::int64_t run = RunSum::longest;  // rows whose columns stay in the first cache
  const auto divisor = static_cast<std::uint64_t>(groups);
  const bool masks = std::has_single_bit(divisor);
  std::uint8_t group[run];
  for (std::int64_t from = 0; from < rows; from += run) {
    const std::int64_t to = std::min(rows, from + run);
    for (std::int64_t i = from; i < to; ++i)
      group[i - from] =
          static_cast<std::uint8_t>(masks ? ids[i] & (divisor - 1) : ids[i] % divisor);
    for (std::int64_t c = 0; c < columns; ++c)
      add_column(table, parts[static_cast<std::size_t>(c)], c, columns, group, from, to, groups, w);
  }
}

void add_values(ExactTable& table, nb::handle slots, nb::handle values) {
  const Buffer keys(slots), added(values);
  const std::int64_t count = keys.count();
  const auto* at = keys.contiguous<std::int64_t>(count);
  const auto* x = added.contiguous<double>(count);
  const nb::gil_scoped_release release;
  for (std::int64_t i = 0; i < count; ++i) {
    if (at[i] < 0 || at[i] >= table.size()) throw std::invalid_argument("a slot outside the table");
    if (!std::isfinite(x[i])) throw std::invalid_argument("only finite values have an exact sum");
    table.slot(at[i]).add(x[i]);
  }
}

void rounded(const ExactTable& table, nb::handle out) {
  const Buffer values(out, true);
  double* to = values.contiguous<double>(table.size());
  for (std::int64_t i = 0; i < table.size(); ++i) to[i] = table.slot(i).rounded();
}

// For a table of groups × columns: each column's total, and the same without each of the groups.
void group_totals(const ExactTable& table, std::int64_t columns, nb::handle totals,
                  nb::handle without) {
  const std::int64_t groups = columns ? table.size() / columns : 0;
  const Buffer whole(totals, true), parts(without, true);
  double* total_out = whole.contiguous<double>(columns);
  double* without_out = parts.contiguous<double>(groups * columns);
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

// Counts key = major · width + minor, with minor < width.
template <class Major, class Minor>
void add_pairs(Tally& tally, nb::handle major, nb::handle minor, std::int64_t modulus,
               std::int64_t width) {
  const Buffer a(major), b(minor);
  const std::int64_t count = a.count();
  const auto* x = a.contiguous<Major>(count);
  const auto* y = b.contiguous<Minor>(count);
  if (width < 1 || modulus < 0) throw nb::value_error("a width or a modulus below 1");
  const auto uppers = static_cast<std::uint64_t>(tally.size() / width);
  const nb::gil_scoped_release release;
  const auto divisor = static_cast<std::uint64_t>(modulus);
  const bool masks = std::has_single_bit(divisor);  // a division takes longer than all the rest
  for (std::int64_t i = 0; i < count; ++i) {
    const auto given = static_cast<std::uint64_t>(x[i]);
    const std::uint64_t upper = masks ? given & (divisor - 1) : modulus ? given % divisor : given;
    const auto lower = static_cast<std::int64_t>(y[i]);
    if (upper >= uppers || lower < 0 || lower >= width)
      throw std::invalid_argument("a key outside the table");
    tally.count(static_cast<std::int64_t>(upper) * width + lower);
  }
}

// Counts the leading bits of doubles of at least 0; infinite ones are left out.
void add_leading_bits(Tally& tally, nb::handle values, int dropped_bits) {
  const Buffer buffer(values);
  const std::int64_t count = buffer.count();
  const auto* x = buffer.contiguous<double>(count);
  if (dropped_bits < 0 || dropped_bits > 63) throw nb::value_error("expected 0 to 63 bits");
  const nb::gil_scoped_release release;
  for (std::int64_t i = 0; i < count; ++i)
    if (x[i] < std::numeric_limits<double>::infinity())
      // Adding 0 takes the sign from −0.
      tally.add(
          static_cast<std::int64_t>(std::bit_cast<std::uint64_t>(x[i] + 0.0) >> dropped_bits));
}

void counts_of(const Tally& tally, nb::handle out) {
  const Buffer values(out, true);
  std::memcpy(values.contiguous<std::int64_t>(tally.size()), tally.counts(),
              static_cast<std::size_t>(tally.size()) * sizeof(std::int64_t));
}

void hash_integers(nb::handle ids, std::uint64_t salt, nb::handle out) {
  const Buffer in(ids), hashes(out, true);
  const std::int64_t count = in.count();
  const auto* x = in.contiguous<std::int64_t>(count);
  auto* to = hashes.contiguous<std::uint64_t>(count);
  const std::uint64_t start = salt ? mix(salt) : 0;
  const nb::gil_scoped_release release;
  for (std::int64_t i = 0; i < count; ++i) to[i] = mix(static_cast<std::uint64_t>(x[i]) ^ start);
}

// The same for first, first + 1, ….
void hash_range(std::int64_t first, std::uint64_t salt, nb::handle out) {
  const Buffer hashes(out, true);
  const std::int64_t count = hashes.count();
  auto* to = hashes.contiguous<std::uint64_t>(count);
  const std::uint64_t start = salt ? mix(salt) : 0;
  const nb::gil_scoped_release release;
  for (std::int64_t i = 0; i < count; ++i)
    to[i] = mix((static_cast<std::uint64_t>(first) + static_cast<std::uint64_t>(i)) ^ start);
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

template <class T>
nb::bytes to_bytes(const T& state) {
  const std::string bytes = state.to_bytes();
  return nb::bytes(bytes.data(), bytes.size());
}

}  // namespace

NB_MODULE(_kernels, module) {
  module.doc() = "Compiled kernels; the Python modules around them are the interface.";
  nb::class_<Rows>(module, "Rows")
      .def(nb::init<nb::handle, const std::string&, bool, bool, double>(), nb::arg("array"),
           nb::arg("dtype"), nb::arg("log"), nb::arg("checks_sum"), nb::arg("tolerance"));
  module.def("instruction_set", [] { return std::string(target().name); });
  module.def("measure", &measure, nb::arg("name"), nb::arg("p"), nb::arg("q").none(),
             nb::arg("labels").none(), nb::arg("units_per_bit"), nb::arg("values"),
             nb::arg("threads"));
  module.def("facts", &facts, nb::arg("p"), nb::arg("labels").none(), nb::arg("units_per_bit"),
             nb::arg("values"), nb::arg("entropies"), nb::arg("top_surprisals"), nb::arg("tops"));
  module.def("event_surprisals", &event_surprisals, nb::arg("probabilities"),
             nb::arg("units_per_bit"), nb::arg("values"));
  module.def("hash_integers", &hash_integers, nb::arg("ids"), nb::arg("salt"), nb::arg("out"));
  module.def("hash_range", &hash_range, nb::arg("first"), nb::arg("salt"), nb::arg("out"));
  module.def("hash_strings", &hash_strings, nb::arg("offsets"), nb::arg("data"), nb::arg("out"));

  nb::class_<ExactTable>(module, "ExactTable")
      .def(nb::init<std::int64_t>(), nb::arg("size"))
      .def_prop_ro("size", &ExactTable::size)
      .def("add", &add_values, nb::arg("slots"), nb::arg("values"))
      .def("add_columns", &add_columns, nb::arg("hashes"), nb::arg("values"),
           nb::arg("weights").none(), nb::arg("unweighted_columns"))
      .def("merge", &ExactTable::merge, nb::arg("other"))
      .def("rounded", &rounded, nb::arg("out"))
      .def("group_totals", &group_totals, nb::arg("columns"), nb::arg("totals"), nb::arg("without"))
      .def("to_bytes", &to_bytes<ExactTable>)
      .def_static(
          "from_bytes",
          [](const nb::bytes& data, std::int64_t size) {
            return ExactTable::from_bytes(data.c_str(), data.size(), size);
          },
          nb::arg("data"), nb::arg("size"));

  nb::class_<Tally>(module, "Tally")
      .def(nb::init<std::int64_t>(), nb::arg("size"))
      .def_prop_ro("size", &Tally::size)
      .def("add_by_group", &add_pairs<std::uint64_t, std::int64_t>, nb::arg("hashes"),
           nb::arg("keys"), nb::arg("groups"), nb::arg("width"))
      .def("add_pairs", &add_pairs<std::int64_t, std::int32_t>, nb::arg("major"), nb::arg("minor"),
           nb::arg("groups"), nb::arg("width"))
      .def("add_leading_bits", &add_leading_bits, nb::arg("values"), nb::arg("dropped_bits"))
      .def("merge", &Tally::merge, nb::arg("other"))
      .def("counts", &counts_of, nb::arg("out"))
      .def("to_bytes", &to_bytes<Tally>)
      .def_static(
          "from_bytes",
          [](const nb::bytes& data, std::int64_t size) {
            return Tally::from_bytes(data.c_str(), data.size(), size);
          },
          nb::arg("data"), nb::arg("size"));
}
