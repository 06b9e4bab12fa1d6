package dev.gatun.netns;
public record PortMapping(IpAddress hostIp, int hostPort, int podPort, String protocol) { public static PortMapping parse(String s) { throw new IllegalArgumentException(); } }
