/** An isolated task runner for a build tool: what a program with the library looks like. */
module dev.gatun.examples.taskrunner {
  requires static org.jspecify;
  requires dev.gatun.runtime;
}
