package dev.gatun.netns;

import org.jspecify.annotations.Nullable;

/**
 * A route.
 *
 * @param isIpv6 whether it is one of IPv6
 * @param destination where it leads, null for a default route
 * @param prefix how many bits of the destination count
 * @param gateway who passes packets on, or null
 * @param link the index of the interface that packets leave by; 0 if there is none
 * @param source the address that packets are sent from, or null
 * @param table its table, {@code RT_TABLE_*}
 * @param type {@code RTN_*}
 * @param scope {@code RT_SCOPE_*}
 * @param flags {@code RTNH_F_*}
 */
public record Route(
    boolean isIpv6,
    @Nullable IpAddress destination,
    int prefix,
    @Nullable IpAddress gateway,
    int link,
    @Nullable IpAddress source,
    int table,
    int type,
    int scope,
    int flags) {}
