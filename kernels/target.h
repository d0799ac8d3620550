// The instruction set that a translation unit is compiled for is the name of its namespace.
//
// rows.cpp is compiled once per instruction set; a namespace of its own keeps the linker from
// taking, say, the AVX-512 code of an inline function for all of them.
#pragma once

#ifndef UNSURPRISED_TARGET
#define UNSURPRISED_TARGET baseline
#endif
