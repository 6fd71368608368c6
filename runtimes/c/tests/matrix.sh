#!/bin/sh
# Every compiler, every standard, every warning: matrix.sh INCLUDE BUILD
set -eu
include=$1
build=$2
here=$(dirname "$0")
warnings="-Wall -Wextra -Wpedantic -Wconversion -Wsign-conversion -Wshadow -Wundef -Wcast-qual -Wmissing-declarations -Werror"
count=0
levels=-O2
mkdir -p "$build/matrix"
for f in compile_user compile_main; do
    cp "$here/$f.c" "$build/matrix/$f.cc"
done

try() { # COMPILER SUFFIX FLAGS…
    compiler=$1
    suffix=$2
    shift 2
    if ! command -v "$compiler" >/dev/null; then
        echo "$compiler is missing: skipped" >&2
        return
    fi
    [ "$suffix" = c ] && dir=$here || dir=$build/matrix
    for optimise in $levels; do
        "$compiler" "$@" $optimise $warnings -I"$include" -o "$build/matrix/program" "$dir/compile_user.$suffix" \
            "$dir/compile_main.$suffix"
        "$build/matrix/program" || { echo "$compiler $* $optimise: the program fails" >&2; exit 1; }
        count=$((count + 1))
    done
}

for standard in c99 c11 c17 gnu99 gnu11 gnu17 gnu2x; do
    try gcc c -std=$standard -Wstrict-prototypes -Wmissing-prototypes
    try clang c -std=$standard -Wstrict-prototypes -Wmissing-prototypes
done
for standard in c++11 c++14 c++17 c++20 gnu++17; do
    try g++ cc -std=$standard
    try clang++ cc -std=$standard
done

levels="-O0 -O1 -O3 -Os"
try gcc c -std=c99
try clang c -std=c11
try g++ cc -std=c++17
try clang++ cc -std=c++11

# What is not supported says so.
for target in "-m32" "-D__BYTE_ORDER__=__ORDER_BIG_ENDIAN__ -Wno-builtin-macro-redefined" "-U__linux__"; do
    if gcc $target -fsyntax-only -I"$include" "$here/compile_user.c" 2>"$build/matrix/refused"; then
        echo "accepted: $target" >&2
        exit 1
    fi
    grep -q 'error "zeroipc: only' "$build/matrix/refused"
done
if printf '#define ZEROIPC_IMPLEMENTATION\n#include <zeroipc.h>\n' | gcc -std=c99 -x c -fsyntax-only -I"$include" - \
    2>"$build/matrix/refused"; then
    echo "accepted: an implementation without _GNU_SOURCE" >&2
    exit 1
fi
grep -q 'define _GNU_SOURCE before the first #include' "$build/matrix/refused"
echo "matrix: $count programs compiled without a warning and run"
