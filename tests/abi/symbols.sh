#!/bin/sh
# symbols.sh DRIVER.so...: each exports streamd_driver_v1 and nothing else (GNU_UNIQUE symbols would share
# static variables between drivers), and finds all it needs in the libraries it names, nothing in the host.
set -eu
status=0
for driver in "$@"; do
  exported=$(nm -D --defined-only "$driver" | awk '{print $2, $3}')
  if [ "$exported" != "T streamd_driver_v1" ]; then
    echo "$driver exports, instead of streamd_driver_v1 alone: $exported" >&2
    status=1
  fi
  missing=$(LC_ALL=C ldd -r "$driver" 2>&1 | grep -E 'undefined symbol|not found' || true)
  if [ -n "$missing" ]; then
    echo "$driver needs what no library of its own gives: $missing" >&2
    status=1
  fi
done
exit $status
