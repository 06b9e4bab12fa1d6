package dev.gatun.tests;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ArgumentsSource;

/** A test that runc and crun pass too; its parameter is a {@link Box}. */
@Target(ElementType.METHOD)
@Retention(RetentionPolicy.RUNTIME)
@Tag("must-run")
@ParameterizedTest(name = "{0}", allowZeroInvocations = true)
@ArgumentsSource(BoxProvider.WithCrun.class)
@interface OnEveryRuntimeAndCrun {}
