#!/bin/bash
# Runs the commands whose classes go into the class-data archive: build/training.sh GATUN CHECKOUT.
# What is not run here still works; it only starts more slowly. No root is needed: a command that is not
# permitted has loaded most of its classes all the same, so only the last line decides whether the build goes on.
set -u
gatun=$1
checkout=$2
state=$(mktemp -d)
trap 'rm -rf "$state"' EXIT

try() { timeout 20 "$gatun" --root "$state" "$@" </dev/null >/dev/null 2>&1 || true; }

# The second bundle asks for everything that Gatun can do.
for bundle in "$checkout/examples/hello" "$checkout/build/training"; do
  id=gatun-training-$$
  try explain "$bundle"
  try explain --exec "$bundle"
  try run --bundle "$bundle" $id
  try run --detach --bundle "$bundle" $id
  try delete --force $id
  try create --bundle "$bundle" --pid-file "$state/pid" $id
  try state $id
  try ps $id
  try list
  try update --pids-limit 100 $id
  try exec $id /bin/true
  try exec --user 1:1 --env A=b --detach --pid-file "$state/pid" $id /bin/true
  try exec --process "$checkout/build/training/process.json" $id
  try start $id
  try pause $id
  try resume $id
  try events --stats $id
  try kill $id KILL
  try delete $id
  try delete --force $id
done
# Pods; without root, in namespaces that nobody else sees.
pod=gatun-training-$$-pod
try pod create "$pod"
try run --pod "$pod" --bundle "$checkout/examples/hello" gatun-training-$$
try create --pod "$pod" --bundle "$checkout/examples/hello" gatun-training-$$-b
try pod state "$pod"
try pod list
try pod check "$pod"
try pod kill "$pod" USR1
try pod stop --time 0 "$pod"
try pod delete --force "$pod"
try pod delete --force "$pod"
# With a user namespace.
mkdir "$state/user"
maps='"containerID": 0, "hostID": 100000, "size": 65536'
sed 's/"linux": {/&"uidMappings": [{'"$maps"'}], "gidMappings": [{'"$maps"'}],/; s/"namespaces": \[/&{"type": "user"},/' \
  "$checkout/examples/hello/config.json" >"$state/user/config.json"
try explain "$state/user"
try run --bundle "$state/user" gatun-training-$$
try delete --force gatun-training-$$
# With a terminal, in the foreground and without a way to show it.
mkdir "$state/terminal"
sed 's/"process": {/&"terminal": true, /' "$checkout/examples/hello/config.json" >"$state/terminal/config.json"
try run --bundle "$state/terminal" gatun-training-$$
try delete --force gatun-training-$$
try create --bundle "$state/terminal" gatun-training-$$
try features
try spec --help
try state none

"$gatun" --version >/dev/null
