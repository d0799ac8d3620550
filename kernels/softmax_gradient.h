// The gradient of a loss of logits, where it is a multiple of the softmax less a constant.
#pragma once

#include <cstdint>

namespace unsurprised {

// Rows of float32 or bfloat16; classes lie side by side. `out` has the logits' type, its rows lie
// one after the other, and it may be the logits themselves.
struct SoftmaxRows {
  const char* logits;
  std::int64_t stride;  // bytes from a row to the next
  std::int64_t classes;
  bool bfloat16;
  const float *tops, *factors, *shifts;
  char* out;
  // Where rows have a label: which class it is, and what is written there instead.
  const std::int64_t* labels = nullptr;
  const float* at_labels = nullptr;
};

// out = factor · e^(logit − top) − shift for the rows from `first` to before `last`; zeros where
// both are 0, whatever the logits are.
using SoftmaxGradient = void (*)(const SoftmaxRows& rows, std::int64_t first, std::int64_t last);

}  // namespace unsurprised
