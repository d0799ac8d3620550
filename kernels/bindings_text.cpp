// Rows of text for Python.
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <string>
#include <utility>
#include <vector>

#include "bindings.h"
#include "text_rows.h"

namespace unsurprised {

namespace {

// Python says a field as (name, held, listed, fields).
Field field_of(nb::handle said) {
  const auto parts = nb::cast<nb::tuple>(said);
  Field field;
  const auto name = nb::cast<nb::bytes>(parts[0]);
  field.name.assign(name.c_str(), name.size());
  const int held = nb::cast<int>(parts[1]);
  if (held < 0 || held > static_cast<int>(Held::object)) throw nb::value_error("no kind of field");
  field.held = static_cast<Held>(held);
  field.listed = nb::cast<bool>(parts[2]);
  if (field.listed && field.held != Held::number && field.held != Held::integer)
    throw nb::value_error("lists hold numbers");
  for (nb::handle inner : nb::cast<nb::tuple>(parts[3])) field.fields.push_back(field_of(inner));
  return field;
}

template <class Values>
nb::bytes bytes_of(const Values& values) {
  return nb::bytes(values.data(), values.size() * sizeof(values[0]));
}

// What was read, field by field: the values, and where texts and lists end (None elsewhere).
void append(nb::list& found, const Field& field) {
  if (field.held == Held::skipped) return;
  if (field.held == Held::object) {
    for (const Field& inner : field.fields) append(found, inner);
    return;
  }
  nb::bytes values = field.held == Held::number    ? bytes_of(field.numbers)
                     : field.held == Held::integer ? bytes_of(field.integers)
                                                   : bytes_of(field.bytes);
  nb::object ends = nb::none();
  if (!field.offsets.empty()) ends = bytes_of(field.offsets);
  found.append(nb::make_tuple(std::move(values), std::move(ends)));
}

using RowsRead = nb::typed<nb::tuple, int, int, nb::typed<nb::list, nb::object>>;

RowsRead rows_read(const TextRead& read, const std::vector<Field>& fields) {
  nb::list found;
  for (const Field& field : fields) append(found, field);
  return nb::borrow<RowsRead>(nb::make_tuple(read.rows, read.consumed, found));
}

RowsRead json_rows(const nb::bytearray& text, const nb::typed<nb::list, nb::object>& fields) {
  Field record;
  record.held = Held::object;
  for (nb::handle said : fields) record.fields.push_back(field_of(said));
  TextRead read{};
  {
    const WithoutGil release;
    read = read_json_rows(text.c_str(), text.size(), record);
  }
  return rows_read(read, record.fields);
}

RowsRead csv_rows(const nb::bytearray& text, const nb::typed<nb::list, nb::object>& columns,
                  const std::string& delimiter) {
  std::vector<Field> held;
  for (nb::handle said : columns) held.push_back(field_of(said));
  if (delimiter.size() != 1) throw nb::value_error("expected one character");
  TextRead read{};
  {
    const WithoutGil release;
    read = read_csv_rows(text.c_str(), text.size(), delimiter[0], held);
  }
  return rows_read(read, held);
}

}  // namespace

void bind_text(nb::module_& module) {
  module.def("json_rows", json_rows, nb::arg("text"), nb::arg("fields"));
  module.def("csv_rows", csv_rows, nb::arg("text"), nb::arg("columns"), nb::arg("delimiter"));
}

}  // namespace unsurprised
