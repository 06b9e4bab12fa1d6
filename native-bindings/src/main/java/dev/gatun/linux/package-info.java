/**
 * What the kernel and its headers define, by the names that they give it: architectures, system
 * call numbers, constants, struct offsets, errno, and the interface through which a program reaches
 * a kernel.
 *
 * <p>Here belongs what is true of Linux whoever runs the program. Nothing here loads {@code
 * java.lang.foreign}: structs are written into byte buffers at offsets that a test compares with
 * the generated layouts.
 */
@NullMarked
package dev.gatun.linux;

import org.jspecify.annotations.NullMarked;
