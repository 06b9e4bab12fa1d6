package dev.gatun.tests;

import org.junit.jupiter.api.Tag;

/**
 * Limits in scopes of systemd. {@code ./test} runs it in a machine that systemd is the first
 * process of.
 */
@Tag("systemd")
@SystemdDriver
class SystemdLimitsTest extends LimitsCases {}
