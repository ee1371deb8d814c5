#!/bin/sh
# Which sources belong to what: files are found, not listed. `make` asks again when the answer has changed.
#   room NAME   the C files of a room, its tests left out        tests NAME  its x_test.c files
#   fuzz        tests/fuzz/*.c        main  the program's main   embedded    files whose bytes the program carries
#   all         everything above, to notice a new file
set -eu
cd "$(dirname "$0")/.."
case "$1" in
room)  find "src/$2" -name '*.c' ! -name '*_test.c' ! -path 'src/cli/main.c' ! -path 'src/sandbox/enter/*' 2>/dev/null | LC_ALL=C sort ;;
tests) find "src/$2" -name '*_test.c' 2>/dev/null | LC_ALL=C sort ;;
fuzz)  find tests/fuzz -name 'fuzz_*.c' 2>/dev/null | LC_ALL=C sort ;;
main)  find src/cli -name main.c 2>/dev/null | LC_ALL=C sort ;;
embedded) find data src/store/migrations src/eval/report/html src/eval/drivers -type f \( -name '*.yaml' -o -name '*.json' -o -name '*.sql' -o -name '*.txt' \
    -o -name '*.css' -o -name '*.js' -o -name '*.py' -o -path 'data/starter/*' \) 2>/dev/null | LC_ALL=C sort ;;
all)   find src tests/fuzz data \( -name '*.c' -o -name '*.sql' -o -name '*.yaml' -o -name '*.json' -o -name '*.txt' \
    -o -name '*.css' -o -name '*.js' -o -name '*.py' -o -path 'data/starter/*' \) ! -type d 2>/dev/null | LC_ALL=C sort ;;
*) echo "sources.sh: unknown word $1" >&2; exit 2 ;;
esac
