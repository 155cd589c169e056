# What the recipes share: where the program is, unless $APUS says so. To be sourced.
set -euo pipefail
apus=${APUS:-$(dirname "${BASH_SOURCE[0]}")/../.build/release/apus}
[[ -x $apus ]] || {
    echo "the program is not built: swift build -c release --product apus" >&2
    exit 69
}
