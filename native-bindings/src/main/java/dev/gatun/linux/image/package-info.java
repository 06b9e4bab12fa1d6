/**
 * From programs to machine code: a small assembler, the interpreters for x86-64 and aarch64 written
 * with it, and the linker that puts an interpreter and a program into a static ELF image.
 *
 * <p>An image needs no libc, no heap and no stack of its own; it finds the initial stack pointer in
 * a slot.
 */
@NullMarked
package dev.gatun.linux.image;

import org.jspecify.annotations.NullMarked;
