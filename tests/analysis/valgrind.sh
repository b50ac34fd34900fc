#!/bin/bash
# valgrind.sh CHECK DRIVER CONFIG-TEXT: the conformance suite on a driver, every access and every lost block watched.
set -euo pipefail
command -v valgrind >/dev/null || { echo "valgrind is not installed"; exit 77; }
check=$(mktemp)
trap 'rm -f "$check"' EXIT
cat >"$check" <<END
#!/bin/sh
exec valgrind --quiet --error-exitcode=99 --leak-check=full --show-leak-kinds=definite --errors-for-leak-kinds=definite \
  --trace-children=no "$1" "\$@"
END
chmod +x "$check"
"$(dirname "$0")/../conformance/run.sh" "$check" "$2" "$3" --large 2 --seconds 60 --objects 200
