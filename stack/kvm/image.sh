# shellcheck shell=sh
# SPDX-License-Identifier: Apache-2.0
# Images of disks. Behind common.sh.
#
# Globals: those of common.sh; image.
# shellcheck disable=SC2154 # they are set there

# Gives up if there is no qemu-img.
# Returns 0.
need_qemu_img() {
    command -v qemu-img >/dev/null || give_up 69 "qemu-img: not found; install qemu-utils"
}

# Prints the format of the image $1, by its first bytes.
# A guest writes what it likes into a raw image, also the first bytes of a qcow2: who has raw images says so by --format.
format_of() {
    if [ "$(head -c 4 -- "$1" | od -An -tx1 | tr -d ' ')" = 514649fb ]; then echo qcow2; else echo raw; fi
}

# Prints the SHA-256 of the file $1.
# Returns not 0 if it cannot be read.
sum_of() {
    sha256sum <"$1"
}

# Gives up since qemu-img has refused $image: $1 says what it refused, $work/why has its words.
# Does not return.
refused() {
    ! grep -q 'lock' "$work/why" || give_up 75 "$image: a guest is running on it; shut it down, and try again"
    give_up 69 "$image: $1: $(head -n 1 "$work/why")"
}
