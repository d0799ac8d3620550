// The instruction set that a translation unit is compiled for is the name of its namespace.
//
// The kernels are compiled once per instruction set; a namespace of its own keeps the linker from
// taking, say, the AVX-512 code of an inline function for all of them.
#pragma once

#ifndef UNSURPRISED_TARGET
#define UNSURPRISED_TARGET baseline
#endif

// What is called for every element must be inlined, or the loop around it does not become vectors;
// so must what lies outside the namespace, or a target would share its code with others.
// What is called once for a block and from several places is kept apart: it is compiled once.
#if defined(__GNUC__)
#define UNSURPRISED_INLINE inline __attribute__((always_inline))
#define UNSURPRISED_APART __attribute__((noinline))
#elif defined(_MSC_VER)
#define UNSURPRISED_INLINE __forceinline
#define UNSURPRISED_APART __declspec(noinline)
#else
#define UNSURPRISED_INLINE inline
#define UNSURPRISED_APART
#endif
