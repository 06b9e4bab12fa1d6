/**
 * The caller: the process that a person or a container engine starts as {@code gatun}, and the way
 * in which a JVM works through it.
 *
 * <pre>{@code
 * caller (static ELF, a few kilobytes)              JVM
 * ------------------------------------              ---
 * socketpair, starts the JVM on one end  ------->
 * HELLO: argc, arguments, environment    ------->   command line
 * runs the program                       <-------   RUN: records, constants, variables
 * REPLY: slots, outputs                  ------->   next step
 * ...                                               ...
 * ends itself                            <-------   RUN: a program that ends in exit_group
 * }</pre>
 *
 * <p>What belongs here: the frames ({@link dev.gatun.runtime.caller.Protocol}), the program that is
 * always in the caller ({@link dev.gatun.runtime.caller.Resident}), and the kernel that sends
 * programs to it ({@link dev.gatun.runtime.caller.CallerKernel}). No descriptor is ever passed:
 * whatever is opened is opened by the caller's own programs.
 */
@NullMarked
package dev.gatun.runtime.caller;

import org.jspecify.annotations.NullMarked;
