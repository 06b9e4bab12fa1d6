#!/bin/bash
# Runs the commands whose classes go into the class-data archive: build/training.sh GATUN CHECKOUT.
# What is not run here still works; it only starts more slowly. No root is needed: a command that is not
# permitted has loaded its classes all the same, so only the last line decides whether the build goes on.
set -u
gatun=$1
checkout=$2
state=$(mktemp -d)
trap 'rm -rf "$state"' EXIT

try() { timeout 20 "$gatun" --root "$state" "$@" </dev/null >/dev/null 2>&1 || true; }

bundle=$checkout/examples/hello
try explain "$bundle"
try run --bundle "$bundle" gatun-training-$$
try create --bundle "$bundle" gatun-training-$$
try start gatun-training-$$
try kill gatun-training-$$ KILL
try list
try ps gatun-training-$$
try delete --force gatun-training-$$
try features
try spec --help
try state none

"$gatun" --version >/dev/null
