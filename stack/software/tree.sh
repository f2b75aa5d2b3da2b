# shellcheck shell=sh
# SPDX-License-Identifier: Apache-2.0
# Trees of files: which names patterns leave out, and how a tree becomes another one in one step. Behind common.sh.
#
# Globals: me and work of common.sh; kept, where replace_tree keeps what is excluded.
# shellcheck disable=SC2154 # they are set there

# An option of rs-import for replace_tree, if there is one: --copy.
import_with=

# Prints the patterns that leave out names: those that are always there, then those of the file $1 if there is one.
# Sockets and process ids are of the machine that they are on.
patterns() {
    printf '%s\n' '*.sock' '*.socket' '*.pid'
    [ -z "$1" ] || [ ! -e "$1" ] || cat -- "$1"
}

# Writes the names of all in the tree $1, as ./NAME and NUL: to $work/kept those that the patterns in the file $2 keep, to
# $work/excluded those that they leave out. Directories are there only if they are empty.
# rs-export itself decides, on a tree of links that has nothing to be read; so a pattern means the same everywhere. A name that
# vanishes meanwhile is none the next time.
sort_names() {
    _tries=3
    until rm -rf -- "$work/all" "$work/plain" "$work/.plain.rs-import" && cp -as -- "$1" "$work/all"; do
        _tries=$((_tries - 1))
        [ "$_tries" -gt 0 ] || give_up 74 "$1: cannot be read"
    done
    rs-export --quiet --no-sha256 --exclude-from "$2" "$work/all" | rs-import --quiet "$work/plain" ||
        give_up "$?" "$1: its names cannot be read, or a pattern in $2 is wrong"
    names "$work/all" >"$work/every"
    names "$work/plain" >"$work/left"
    # What has become empty by the patterns is in the second list only.
    comm -z -12 -- "$work/every" "$work/left" >"$work/kept"
    comm -z -23 -- "$work/every" "$work/left" >"$work/excluded"
}

# Prints the sorted names of the tree $1, each with NUL behind; directories only if they are empty.
# In two steps, since a pipe would hide that find has failed.
names() {
    (cd -- "$1" && find . -mindepth 1 \( ! -type d -o -empty \) -print0) >"$work/found"
    sort -z -- "$work/found"
}

# Replaces the tree $1 by the tree $2 in one step, and looks at every byte of it: $3 has the sum of each file. What the
# patterns in the file $4 leave out, and is in $1, stays: as a link, so that whoever has it open goes on.
# Gives up if something is wrong; $1 is what it was then. Otherwise undo_tree can still bring it back, until keep_tree.
replace_tree() {
    kept=${1%/*}/.${1##*/}.kept
    # One that was killed has left what it kept: it may be nowhere else.
    [ ! -e "$kept" ] || put_back "$1"
    if [ -d "$1" ]; then
        sort_names "$1" "$4"
        if [ -s "$work/excluded" ]; then
            mkdir -- "$work/keep"
            rm -rf -- "$kept.new"
            mkdir -- "$kept.new"
            (cd -- "$1" && xargs -0 cp -dl --preserve=mode,ownership,timestamps --parents -t "$kept.new" -- <"$work/excluded") ||
                give_up 74 "$1: what is excluded cannot be linked to $kept.new; nothing was changed"
            mv -- "$kept.new" "$kept"
        fi
    fi
    # shellcheck disable=SC2086 # an option or nothing
    rs-import --quiet --have "$1" | rs-export --quiet --have=- "$2" | rs-import --quiet $import_with "$1" || replace_failed "$1" "$?"
    if ! matches "$1" "$3"; then
        # A file that was changed here, and whose times say that it was not, has been taken for unchanged. So all of it.
        rs-import --quiet --rollback "$1" || give_up 74 "$1: cannot be brought back"
        rs-export --quiet "$2" | rs-import --quiet "$1" || replace_failed "$1" "$?"
        if ! matches "$1" "$3"; then
            undo_tree "$1"
            give_up 65 "$1: what was written is not what was read back; the tree before is back, look at the disk"
        fi
    fi
    put_back "$1"
}

# Ends a load into $1 that failed with status $2. With 1 the new tree is in place, but something of it is not as it should be.
# Does not return.
replace_failed() {
    if [ "$2" -eq 1 ]; then undo_tree "$1"; else put_back "$1"; fi
    give_up "$2" "$1: the dump cannot be loaded; what was there stays"
}

# Brings the tree $1 back that replace_tree has replaced.
# Gives up if it cannot.
undo_tree() {
    rs-import --quiet --rollback "$1" || give_up 74 "$1: the tree before cannot be brought back"
    put_back "$1"
}

# Says that the tree $1 is good: the one before is removed.
# Returns its status.
keep_tree() {
    rs-import --quiet --proven "$1"
}

# Links what replace_tree has kept into the tree $1 where it is missing, and forgets it.
# What the new tree has another thing at the place of is reported, and stays aside for people.
put_back() {
    [ -e "$kept" ] || return 0
    # shellcheck disable=SC2016 # for the inner shell
    if (cd -- "$kept" && find . -mindepth 1 -type d -exec sh -c '
            for d do
                [ ! -d "$0/$d" ] || continue
                mkdir -- "$0/$d" && chown --reference="$d" -- "$0/$d" && chmod --reference="$d" -- "$0/$d" || exit
            done' "$1" {} + &&
        find . ! -type d -exec cp -dl --no-clobber --parents -t "$1" -- {} +); then
        rm -rf -- "$kept"
    else
        printf '%s: %s: not all of it could be put back into %s; do it by hand, and remove it\n' "$me" "$kept" "$1" >&2
    fi
}

# Succeeds if each file of the list $2, as sha256sum prints it, is in the tree $1 with its sum.
# An empty list is one of a tree without files.
matches() {
    [ ! -s "$2" ] || (cd -- "$1" && sha256sum --check --quiet --strict -- "$2" >&2)
}

# Writes the sorted names of the files of the tree $1, each with NUL behind, to $work/files.
# Returns not 0 if it cannot be read.
file_names() {
    (cd -- "$1" && find . -type f -print0) >"$work/files" && sort -z -o "$work/files" -- "$work/files"
}

# Prints the SHA-256 of each file of the tree $1, as `sha256sum --check` reads it, sorted by name.
# Returns not 0 if one cannot be read.
sums() {
    file_names "$1"
    [ ! -s "$work/files" ] || (cd -- "$1" && xargs -0 sha256sum -- <"$work/files")
}
