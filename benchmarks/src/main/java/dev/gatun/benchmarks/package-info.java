/**
 * Measurements of Gatun, alone and beside its peers, and the rules about the code that no module
 * can express, checked over the classes of every module.
 */
@NullMarked
package dev.gatun.benchmarks;

import org.jspecify.annotations.NullMarked;
