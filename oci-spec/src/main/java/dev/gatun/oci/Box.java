package dev.gatun.oci;

/**
 * The size of a terminal.
 *
 * @param height rows
 * @param width columns
 */
public record Box(long height, long width) {}
