#include "bindings.h"

NB_MODULE(_kernels, module) {
  module.doc() = "Compiled kernels; the Python modules around them are the interface.";
  unsurprised::bind_rows(module);
  unsurprised::bind_tables(module);
}
