/**
 * The command line: one class for each verb, a parser for flags as Go programs take them, and the
 * caller image, the ELF binary that a user starts.
 *
 * <p>This package prints, and decides exit codes and the exact texts that callers match; it knows
 * nothing about how a container is made.
 */
@NullMarked
package dev.gatun.cli;

import org.jspecify.annotations.NullMarked;
