#!/usr/bin/env bash
# Fuzzes every target for its share of some seconds, one process at a time, and prints a table.
#
#   bash fuzz/run.sh SECONDS [TARGET...]     fails when an input does; that lies in fuzz/artifacts then
#   bash fuzz/run.sh --keep [TARGET...]      puts what was learnt into fuzz/corpus, as few and as small inputs as cover it
#
# Needs `cargo install cargo-fuzz` and a C++ compiler. A stable Rust does; SANITIZER=none where there is no address sanitizer.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

usage() { sed -n '2,7s/^# \{0,1\}//p' fuzz/run.sh >&2; exit 2; }
seconds=${1-}
[[ $seconds =~ ^[0-9]+$|^--keep$ ]] || usage
shift
if [ $# = 0 ]; then
    for file in fuzz/fuzz_targets/*.rs; do set -- "$@" "$(basename "$file" .rs)"; done
fi

# Where inputs that were learnt stay from run to run. They are many.
learnt=target/fuzz/learnt
mkdir -p "$learnt"
# libFuzzer and the sanitizers need flags that only a nightly compiler has, or one that is told to be one.
export RUSTC_BOOTSTRAP=1 ASAN_OPTIONS=detect_odr_violation=0
host=$(rustc -vV | sed -n 's/^host: //p')
if [ -n "${SANITIZER-}" ]; then sanitizer=(--sanitizer "$SANITIZER"); else sanitizer=(); fi
cargo fuzz build --target-dir target/fuzz "${sanitizer[@]}" >&2

# What every process may take: memory in MB, seconds an input, bytes.
limits=(-rss_limit_mb=1024 -timeout=10 -max_len=4096)

keep() {
    local new=target/fuzz/kept
    for name; do
        rm -rf "$new"
        mkdir -p "$new" "$learnt/$name"
        "target/fuzz/$host/release/$name" "${limits[@]}" -set_cover_merge=1 \
            "$new" "fuzz/corpus/$name" "$learnt/$name" >"$learnt/$name.log" 2>&1
        rm -rf "fuzz/corpus/$name"
        mv "$new" "fuzz/corpus/$name"
        printf '%-16s %4d inputs kept\n' "$name" "$(find "fuzz/corpus/$name" -type f | wc -l)"
    done
}

# A line of the table out of libFuzzer's log.
row() {
    local name=$1 log=$2 code=$3 last runs
    last=$(grep -E '^#[0-9]+.*cov: ' "$log" | tail -1 || true)
    runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
    printf '%-16s %10s %8s %6s %6s %7s  %s\n' "$name" "${runs:-?}" \
        "$(sed -n 's/^stat::average_exec_per_sec: *//p' "$log")" \
        "$(sed -n 's/.*cov: \([0-9]*\).*/\1/p' <<<"$last")" "$(sed -n 's/.* ft: \([0-9]*\).*/\1/p' <<<"$last")" \
        "$(sed -n 's/^stat::peak_rss_mb: *//p' "$log")" "$([ "$code" = 0 ] && echo ok || echo "FAILED: $log")"
}

if [ "$seconds" = --keep ]; then
    keep "$@"
    exit
fi
failed=0
share=$((seconds / $#))
[ "$share" -gt 0 ] || share=1
printf '%-16s %10s %8s %6s %6s %7s  %s\n' target inputs 'a second' edges paths 'peak MB' "in $share s each"
for name; do
    mkdir -p "$learnt/$name" "fuzz/artifacts/$name"
    code=0
    nice -n 19 "target/fuzz/$host/release/$name" "${limits[@]}" -max_total_time="$share" -print_final_stats=1 \
        -artifact_prefix="fuzz/artifacts/$name/" "$learnt/$name" "fuzz/corpus/$name" >"$learnt/$name.log" 2>&1 || code=$?
    [ "$code" = 0 ] || failed=1
    row "$name" "$learnt/$name.log" "$code"
done
exit "$failed"
