/**
 * Records one to one with the OCI runtime specification 1.3, their reader and their writer.
 *
 * <p>Names, defaults and required members are the specification's. A record validates in its
 * constructor; what is derived from a configuration is a program or a plan and lives elsewhere.
 */
@NullMarked
package dev.gatun.oci;

import org.jspecify.annotations.NullMarked;
