/**
 * A container is a program of system calls; this package is the language that programs are written
 * in.
 *
 * <p>What belongs here: the instruction set ({@link dev.gatun.linux.program.Instruction}), the
 * builder that runtime code writes programs with ({@link dev.gatun.linux.program.ProgramBuilder}),
 * the finished {@link dev.gatun.linux.program.Program}, its encoding for given addresses, its
 * printed listing, and {@link dev.gatun.linux.program.Kernel}: the one small interface through
 * which a program is run, wherever that is. Nothing here makes a system call, and nothing here
 * knows what a container is.
 */
@NullMarked
package dev.gatun.linux.program;

import org.jspecify.annotations.NullMarked;
