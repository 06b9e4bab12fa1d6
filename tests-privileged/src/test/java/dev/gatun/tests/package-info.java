/**
 * Black-box tests that drive the binary of an OCI runtime by its command line, as root.
 *
 * <p>A test marked {@link dev.gatun.tests.OnEveryRuntime} runs with runc, the oracle, and with
 * Gatun; one marked {@link dev.gatun.tests.OnGatun} checks a promise that only Gatun makes. Nothing
 * in here uses a class of the product, and nothing needs the network once the root file systems of
 * {@link dev.gatun.tests.RootfsCache} have been made.
 *
 * <p>System properties:
 *
 * <ul>
 *   <li>{@code gatun.binary}: the binary under test, by default {@code dist/bin/gatun} of the
 *       repository
 *   <li>{@code gatun.tests.runtimes}: which runtimes to test, by default {@code runc,gatun}
 *   <li>{@code gatun.tests.cache}: where root file systems are kept, by default {@code
 *       /var/cache/gatun-tests}
 *   <li>{@code gatun.tests.rounds}: how many containers a loop makes, by default 100
 * </ul>
 */
@NullMarked
package dev.gatun.tests;

import org.jspecify.annotations.NullMarked;
