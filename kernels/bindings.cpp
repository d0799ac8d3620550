#include "bindings.h"

NB_MODULE(_kernels, module) {
  // What a daemon thread holds when the interpreter ends is no fault to tell the user of.
  unsurprised::nb::set_leak_warnings(false);
  module.doc() = "Compiled kernels; the Python modules around them are the interface.";
  unsurprised::bind_portable(module);
  unsurprised::bind_rows(module);
  unsurprised::bind_pairs(module);
  unsurprised::bind_cells(module);
  unsurprised::bind_neighbours(module);
  unsurprised::bind_scaling(module);
  unsurprised::bind_tables(module);
  unsurprised::bind_text(module);
}
