#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Streams and stores that are damaged, and streams that want to do harm: refused with 65, nothing published, nothing
# touched outside (NEEDS.md B5, B6, B8, A29). The hostile ones are written by tests/lib/forge.py, each with one thing wrong
# and the message that must name it.

load ../lib/common

@test "a stream that is cut at any byte is refused by rs-pull, and the whole one is taken after it" {
    faults_say cut pull
}

@test "a stream that is cut at any byte is refused by rs-import, and the whole one is taken after it" {
    faults_say cut import
}

@test "a stream with any byte changed is refused by rs-pull, or was the same" {
    faults_say flip pull
}

@test "a stream with any byte changed is refused by rs-import, or was the same" {
    faults_say flip import
}

@test "a store with a byte changed is found out, or restores what it should" {
    faults_say rot
}

# A tree of another owner of things to steal or spoil, beside the targets.
make_canary() {
    mkdir canary canary/d
    printf 'secret\n' >canary/secret
    chmod 600 canary/secret
    lister canary >canary.listing
}

# refused STATUSES COMMAND...: with the stream on stdin; says what is wanted on stderr and nothing on stdout.
refused() {
    local statuses=$1
    shift
    run --separate-stderr timeout 20 "$@" <"$stream"
    [[ " $statuses " == *" $status "* ]] || fail "$stream: $* gave $status: $stderr"
    [ -z "$output" ] || fail "$stream: $* wrote $output"
    grep -qE -- "$want" <<<"$stderr" || fail "$stream: $* said '$stderr', not '$want'"
}

# published STORE: the generations, packs and indexes, by name, size and time.
published() {
    (cd "$1" && find packs index names -type f -printf '%p %s %T@ %i\n' | sort)
}

@test "every hostile whole stream is refused by rs-import and rs-pull for its own reason" {
    local stream want only name refused=0 taken=0
    make_canary
    mkdir -p donor old
    head -c 100 /dev/urandom >donor/f
    rs-store init --reserve 0 s
    rs-pull --store s --name n --have | rs-export --have=- donor >whole
    "$python" -S "$lib/forge.py" whole whole "$PWD/canary" cases
    printf 'old\n' >old/file
    rs-export old | rs-import t
    rs-export old | rs-pull --store s --name old
    lister t >t.listing
    published s >s.listing
    for stream in cases/*.rss; do
        name=$(basename "$stream" .rss)
        { read -r want && read -r only; } <"cases/$name.want" || :
        if [ "$want" = ok ]; then
            taken=$((taken + 1))
            rs-import "t-$name" <"$stream" || fail "$name: not taken"
            cmp donor/f "t-$name/f"
            rs-store init --reserve 0 "s-$name"
            rs-pull --store "s-$name" --name n <"$stream" || fail "$name: not taken"
            rs-store check --read-data "s-$name"
            continue
        fi
        refused=$((refused + 1))
        if [ "$only" != pull ]; then
            refused 65 rs-import fresh
            [ ! -e fresh ] || fail "$name: a target was made"
            refused 65 rs-import t
        fi
        case $name in hardlink-missing | hardlink-directory | hardlink-through-link | hardlink-withdrawn) continue ;; esac # below
        if [ "$only" != import ]; then
            # A chunk that is only named may have been pruned meanwhile: 75, try again.
            if [ "$name" = named ]; then refused 75 rs-pull --store s --name n; else refused 65 rs-pull --store s --name n; fi
        fi
    done
    same_as t.listing t
    same_as canary.listing canary
    [ "$(published s)" = "$(cat s.listing)" ]
    rs-import --check t
    rs-store check --read-data s
    [ -z "$(find . -name 'evil*')" ]
    say "hostile whole streams: $refused refused, $taken good ones taken"
    [ "$refused" -ge 140 ] && [ "$taken" -ge 5 ]
}

@test "a hard link to what is no file of the tree is refused by rs-pull too" {
    local stream want name refused=0
    mkdir donor
    head -c 100 /dev/urandom >donor/f
    rs-store init --reserve 0 s
    rs-export donor >whole
    "$python" -S "$lib/forge.py" whole whole "$PWD" cases
    published s >s.listing
    for name in hardlink-missing hardlink-directory hardlink-through-link hardlink-withdrawn; do
        stream=cases/$name.rss
        read -r want <"cases/$name.want"
        refused 65 rs-pull --store s --name n
        refused=$((refused + 1))
    done
    [ "$refused" -eq 4 ]
    [ "$(published s)" = "$(cat s.listing)" ]
}

# Targets with the parent of the deltas: what rs-import and rs-pull hold before each case.
parent_target() {
    rm -rf t .t.rs-import s
    rs-import t <parent.rss
    cp -a s0 s
    lister t >t.listing
    published s >s.listing
}

@test "every hostile delta is refused by rs-import and rs-pull for its own reason" {
    local stream want only name refused=0 taken=0 tool
    make_canary
    mkdir -p src/a
    head -c 100 /dev/urandom >src/a/x
    : >src/b
    rs-store init --reserve 0 s0
    pull s0 n src
    rs-pull --store s0 --name n --emit latest >parent.rss
    parent_target
    for tool in import pull; do
        if [ "$tool" = import ]; then rs-import --have t >have; else rs-pull --store s --name n --have >have; fi
        rs-export --have have src >"delta-$tool"
        "$python" -S "$lib/forge.py" delta "delta-$tool" "$PWD/canary" "cases-$tool"
        for stream in "cases-$tool"/*.rss; do
            name=$(basename "$stream" .rss)
            { read -r want && read -r only; } <"cases-$tool/$name.want" || :
            parent_target
            if [ "$want" = ok ]; then
                taken=$((taken + 1))
                if [ "$tool" = import ]; then rs-import t <"$stream"; else rs-pull --accept-shrink --store s --name n <"$stream"; fi ||
                    fail "$name: not taken"
                continue
            fi
            refused=$((refused + 1))
            local statuses=65
            [ "$name" != other-parent ] || statuses=75
            if [ "$tool" = import ]; then refused "$statuses" rs-import t; else refused "$statuses" rs-pull --store s --name n; fi
            same_as t.listing t
            [ "$(published s)" = "$(cat s.listing)" ]
        done
    done
    same_as canary.listing canary
    say "hostile deltas: $refused refused, $taken good ones taken"
    [ "$refused" -ge 32 ] && [ "$taken" -ge 10 ]
}

@test "every hostile have stream is refused by rs-export and rs-pull --emit for its own reason" {
    local stream want name refused=0
    mkdir -p src/a
    head -c 100 /dev/urandom >src/a/x
    : >src/b
    rs-store init --reserve 0 s
    pull s n src
    rs-pull --store s --name n --have >have
    "$python" -S "$lib/forge.py" have have cases
    for stream in cases/*.rss; do
        name=$(basename "$stream" .rss)
        read -r want <"cases/$name.want"
        if [ "$want" = ok ]; then
            rs-export --have "$stream" src | rs-pull --store s --name n
            rs-pull --store s --name n --emit latest --have "$stream" >/dev/null
            continue
        fi
        refused=$((refused + 1))
        # What was written of the stream before the fault showed has no trailer; only the status is looked at here.
        run --separate-stderr bash -c "timeout 20 rs-export --have $stream src >out"
        [ "$status" -eq 65 ] || fail "$name: rs-export gave $status: $stderr"
        grep -qE -- "$want" <<<"$stderr" || fail "$name: rs-export said '$stderr', not '$want'"
        run -65 --separate-stderr rs-pull --store s --name m <out
        run --separate-stderr bash -c "timeout 20 rs-pull --store s --name n --emit latest --have $stream >out"
        [ "$status" -eq 65 ] || fail "$name: rs-pull --emit gave $status: $stderr"
        grep -qE -- "$want" <<<"$stderr" || fail "$name: rs-pull --emit said '$stderr', not '$want'"
        run -65 --separate-stderr rs-pull --store s --name m <out
    done
    rs-store check --read-data s
    say "hostile have streams: $refused refused"
    [ "$refused" -ge 17 ]
}

@test "a stream that promises much takes little memory" {
    local stream
    mkdir donor
    head -c 100 /dev/urandom >donor/f
    rs-store init --reserve 0 s
    rs-export donor >whole
    "$python" -S "$lib/forge.py" whole whole "$PWD/canary" cases
    for stream in cases/{segment-bomb,block-bomb,block-size,record-too-large,skipped-too-large,run-huge,extent-beyond}.rss; do
        [ -s "$stream" ]
        # 300 MB of address space is several times what these tools use for so little.
        run -65 --separate-stderr bash -c "ulimit -v 300000; exec rs-import t <$stream"
        run -65 --separate-stderr bash -c "ulimit -v 300000; exec rs-pull --store s --name n <$stream"
    done
}

@test "a device from a stream is left out without root, and said so" {
    need_root
    "$python" -S - <<PY
import sys
sys.path.insert(0, "$lib")
import forge, os, subprocess
os.mkdir("donor")
open("donor/f", "wb").write(os.urandom(100))
open("whole", "wb").write(subprocess.run(["rs-export", "donor"], stdout=subprocess.PIPE, check=True).stdout)
donor = forge.Donor("whole")
open("device.rss", "wb").write(forge.join([(b"H", donor.header), (b"M", forge.block(forge.ROOT + forge.device("disk") + forge.file("e")))]))
PY
    mkdir -m 777 place
    run -1 --separate-stderr setpriv --reuid=65534 --regid=65534 --clear-groups rs-import place/t <device.rss
    [[ $stderr == *"place/t/disk: a device cannot be made here, left out"* ]]
    [ -f place/t/e ]
    [ ! -e place/t/disk ]
    run -1 --separate-stderr rs-import --no-devices place/u <device.rss
    [ ! -e place/u/disk ]
    rs-import place/v <device.rss
    [ -b place/v/disk ]
}

@test "the target's own links lead a delta nowhere else" {
    make_canary
    mkdir -p src/a
    head -c 3000 /dev/urandom >src/a/x
    rs-export src | rs-import t
    # Somebody swaps a directory of the imported tree for a link: neither reading old chunks nor linking follows it.
    cp -p t/a/x canary/x
    lister canary >canary.listing
    rs-import --have t >have
    rm -r t/a
    ln -s ../canary t/a
    head -c 10 /dev/urandom >src/b
    rs-export --have have src >delta
    run -75 --separate-stderr rs-import t <delta
    same_as canary.listing canary
    push_direct src t || push_direct src t
    same src t
    same_as canary.listing canary
}

# push_direct SRC DIR: without a store.
push_direct() (
    set -o pipefail
    rs-import --have "$2" | rs-export --have=- "$1" | rs-import "$2"
)
