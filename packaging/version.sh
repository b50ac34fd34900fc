#!/bin/sh
# Prints the version of streamd. It is written in one place, the project() line of CMakeLists.txt.
set -eu
sed -n 's/^project(streamd VERSION \([0-9.]*\).*/\1/p' "$(dirname "$0")/../CMakeLists.txt"
