package dev.gatun.tests;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/** Tests whose boxes have the runtime ask systemd for cgroups. */
@Target(ElementType.TYPE)
@Retention(RetentionPolicy.RUNTIME)
@interface SystemdDriver {}
