# The kernels as one static library; also used by tests/cpp. The files of unsurprised_vectors are
# compiled once for each instruction set and chosen among at run time (targets.cpp).
find_package(Threads REQUIRED)

add_library(unsurprised_kernels STATIC ${CMAKE_CURRENT_LIST_DIR}/columns.cpp
                                       ${CMAKE_CURRENT_LIST_DIR}/pool.cpp
                                       ${CMAKE_CURRENT_LIST_DIR}/tables.cpp
                                       ${CMAKE_CURRENT_LIST_DIR}/targets.cpp)
set_target_properties(unsurprised_kernels PROPERTIES POSITION_INDEPENDENT_CODE ON
                                                     CXX_VISIBILITY_PRESET hidden)
target_include_directories(unsurprised_kernels PUBLIC ${CMAKE_CURRENT_LIST_DIR})
target_link_libraries(unsurprised_kernels PUBLIC Threads::Threads)

if(MSVC)
  set(unsurprised_flags /O2 /fp:precise /utf-8)
  set(unsurprised_warnings /W4 $<$<BOOL:${UNSURPRISED_WERROR}>:/WX>)
else()
  # No contraction: fused multiply-adds stand in the source, so every target rounds alike.
  set(unsurprised_flags -O3 -ffp-contract=off -fno-math-errno -fno-trapping-math)
  set(unsurprised_warnings -Wall -Wextra $<$<BOOL:${UNSURPRISED_WERROR}>:-Werror>)
endif()
target_compile_options(unsurprised_kernels PUBLIC ${unsurprised_warnings}
                                           PRIVATE ${unsurprised_flags})

set(unsurprised_vectors hashing.cpp rows.cpp segments.cpp softmax.cpp softmax_gradient.cpp
                        tempered.cpp)
list(TRANSFORM unsurprised_vectors PREPEND ${CMAKE_CURRENT_LIST_DIR}/)

function(unsurprised_add_rows name)
  add_library(unsurprised_rows_${name} OBJECT ${unsurprised_vectors})
  set_target_properties(unsurprised_rows_${name} PROPERTIES POSITION_INDEPENDENT_CODE ON
                                                            CXX_VISIBILITY_PRESET hidden)
  target_compile_definitions(unsurprised_rows_${name} PRIVATE UNSURPRISED_TARGET=${name})
  target_compile_options(unsurprised_rows_${name} PRIVATE ${unsurprised_flags}
                                                          ${unsurprised_warnings} ${ARGN})
  target_sources(unsurprised_kernels PRIVATE $<TARGET_OBJECTS:unsurprised_rows_${name}>)
endfunction()

unsurprised_add_rows(baseline)
if(NOT MSVC AND CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64|amd64"
   AND NOT CMAKE_OSX_ARCHITECTURES MATCHES "arm64")
  unsurprised_add_rows(avx2 -mavx2 -mfma -mf16c)
  unsurprised_add_rows(avx512 -mavx2 -mfma -mf16c -mavx512f -mavx512dq -mavx512bw -mavx512vl
                       -mprefer-vector-width=512)
  target_compile_definitions(unsurprised_kernels PRIVATE UNSURPRISED_X86_TARGETS)
endif()
