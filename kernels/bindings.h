// What the bindings share. Only bindings*.cpp know Python: arrays come in by the buffer protocol,
// and the GIL is released while the kernels run.
#pragma once

#include <nanobind/nanobind.h>

#include <chrono>
#include <string_view>
#include <thread>
#include <type_traits>

namespace unsurprised {

namespace nb = nanobind;

struct Target;
const Target& target();  // bindings_rows.cpp

void bind_cells(nb::module_& module);       // bindings_cells.cpp
void bind_portable(nb::module_& module);    // bindings_portable.cpp
void bind_neighbours(nb::module_& module);  // bindings_neighbours.cpp
void bind_pairs(nb::module_& module);       // bindings_pairs.cpp
void bind_rows(nb::module_& module);        // bindings_rows.cpp
void bind_scaling(nb::module_& module);     // bindings_scaling.cpp
void bind_tables(nb::module_& module);      // bindings_tables.cpp
void bind_text(nb::module_& module);        // bindings_text.cpp

// Codes of the struct module for numbers of one kind; their sizes tell them apart.
inline constexpr std::string_view floating = "efd", signed_integers = "bhilqn",
                                  unsigned_integers = "?BHILQN";

template <class T>
inline constexpr std::string_view kind_of = std::is_floating_point_v<T> ? floating
                                            : std::is_signed_v<T>       ? signed_integers
                                                                        : unsigned_integers;

// Releases the GIL for as long as this lives. A daemon thread that wants it back after the end of
// the interpreter gets no answer; CPython before 3.14 unwinds its stack from here, which no
// destructor may be left by, so it stays where it is until the process ends, as it does since 3.14.
class WithoutGil {
 public:
  WithoutGil() : state_(PyEval_SaveThread()) {}
  ~WithoutGil() {
    try {
      PyEval_RestoreThread(state_);
    } catch (...) {
      for (;;) std::this_thread::sleep_for(std::chrono::hours(1));
    }
  }
  WithoutGil(const WithoutGil&) = delete;
  WithoutGil& operator=(const WithoutGil&) = delete;

 private:
  PyThreadState* const state_;
};

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

}  // namespace unsurprised
