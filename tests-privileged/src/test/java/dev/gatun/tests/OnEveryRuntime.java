package dev.gatun.tests;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ArgumentsSource;

/** A test of what every OCI runtime does, run with runc first; its parameter is a {@link Box}. */
@Target(ElementType.METHOD)
@Retention(RetentionPolicy.RUNTIME)
@Tag("must-run")
@ParameterizedTest(name = "{0}", allowZeroInvocations = true)
@ArgumentsSource(BoxProvider.EveryRuntime.class)
@interface OnEveryRuntime {}
