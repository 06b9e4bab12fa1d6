# Sourced by the benchmarks that compare with a C program, to compile one: static, without a C library, as small as it gets.
compile_fixture() { # NAME OUTPUT
  "${CC:-gcc}" -O2 -Wall -Wextra -Werror -ffreestanding -fno-stack-protector -fno-asynchronous-unwind-tables -static -nostdlib \
    -fno-pie -no-pie -s -Wl,--build-id=none -Wl,-z,noseparate-code -o "$2" "$(dirname "${BASH_SOURCE[0]}")/$1.c"
}
