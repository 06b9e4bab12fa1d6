/**
 * Machine code and ELF files that Java writes itself: a small assembler for each architecture, the
 * interpreter that walks records of system calls, and the static executables it is linked into.
 *
 * <p>What belongs here works on bytes and addresses only. What the records mean, and who builds
 * them, is the business of {@code dev.gatun.linux.program}; nothing in this package calls the
 * kernel.
 *
 * <ul>
 *   <li>{@link dev.gatun.linux.image.X86_64Assembler} and {@link
 *       dev.gatun.linux.image.Aarch64Assembler}: the instructions that the interpreter needs,
 *       labels, and a listing that a person can read.
 *   <li>{@link dev.gatun.linux.image.Interpreter}: the interpreter in its two forms, written with
 *       them.
 *   <li>{@link dev.gatun.linux.image.InterpreterCode}: the bytes of that code as constants, because
 *       assembling costs milliseconds in a JVM that has just started. A test compares the two.
 *   <li>{@link dev.gatun.linux.image.ElfImage}: a writer of static ELF files, and {@link
 *       dev.gatun.linux.image.ImageLayout}, which gives a program its addresses and a file that
 *       keeps few pages resident.
 * </ul>
 */
@NullMarked
package dev.gatun.linux.image;

import org.jspecify.annotations.NullMarked;
