package dev.gatun.netns.cni;

/** What plugins are asked to do, {@code CNI_COMMAND}. */
enum Command {
  ADD,
  DEL,
  CHECK,
  GC,
  STATUS,
  VERSION
}
