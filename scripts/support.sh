# shellcheck shell=bash
# Sourced by the scripts beside it: messages, and the check for Swift.

# The exit code for something that the machine lacks, as in the program's own list (EX_UNAVAILABLE in sysexits.h).
readonly missing=69

# What every debug build is given. -O3 for C: at -O0, the default of a debug build, the kernels run some 70 times slower
# and the tests take hours.
# shellcheck disable=SC2034
readonly build_flags=(-Xcc -O3)

say() {
    printf '==> %s\n' "$*" >&2
}

fail() {
    local code=$1
    shift
    printf 'error: %s\n' "$*" >&2
    exit "$code"
}

# Ends the script with a message unless Swift 6.2 or later is here, which swift-protobuf needs; installs what is missing
# in between, since Swift's own programs need some of it to start.
prepare() {
    command -v swift >/dev/null ||
        fail "$missing" "swift is not on the PATH. Install Swift 6.2 or later from" \
            "https://www.swift.org/install/linux/ and add its usr/bin to the PATH."
    "$(dirname "${BASH_SOURCE[0]}")/install-dependencies"
    local text version newest
    text=$(swift --version 2>&1 </dev/null) || fail "$missing" "swift --version failed: $text"
    version=$(sed -nE 's/.*Swift version ([0-9]+\.[0-9]+).*/\1/p' <<<"$text")
    [[ $version =~ ^[0-9]+\.[0-9]+$ ]] || fail "$missing" "swift --version names no version: $text"
    newest=$(printf '%s\n' 6.2 "$version" | sort --version-sort | tail -1)
    [[ $newest == "$version" ]] || fail "$missing" "Apus needs Swift 6.2 or later; this is: $text"
}
