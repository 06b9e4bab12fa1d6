/**
 * Programs: flat lists of 64-byte records, each a system call, a branch, a little arithmetic, a
 * load or a store, that an interpreter of some hundred bytes of machine code walks.
 *
 * <p>A program is built, printed and checked here, without running it. Each record knows its
 * origin: the name of the step and the place in {@code config.json} that asked for it.
 */
@NullMarked
package dev.gatun.linux.program;

import org.jspecify.annotations.NullMarked;
