# shellcheck shell=sh
# SPDX-License-Identifier: Apache-2.0
# The coordinator in etcd, of 3.4 or later, through etcdctl; sourced by coordinator. Below PREFIX/LINE/ are
#
#   epoch    EPOCH                  stays
#   leader   EPOCH NAME             goes with its lease: who leads
#   phase    EPOCH PHASE TIME NAME  stays: how far the one that leads is, or was; the time is for people
#
# Every question is a transaction that deletes a key that never exists. So it is a write, and goes through the log like all
# others, but makes no new revision, and so no history. A question that only reads does not: until 3.4.42 its answer
# could be that of a leader of before, and of 3.4.20 and later that of a process that had been stopped.
# Neither `lock` nor `elect` of etcdctl is a fence, and a keep-alive that succeeds is no proof: before 3.4.38 it could be one
# of a lease that had been revoked.
#
# What etcdctl prints (-w fields) is read word by word, and what is not as it must be is no answer. A transaction that fails
# ends with 0 like one that succeeds.
# Interface, the same as that of dir.sh: look, look_closer, take, settle, prove, tend, renew, release, health,
# renew_identity, raise.
# shellcheck disable=SC2154,SC2034 # globals are those of the program

needs_tools etcdctl
# An option that is in the environment as well would be an error of etcdctl, and none of them is ours.
_variables=$(env)
case $_variables in
*ETCDCTL_*) for _variable in $(printf '%s\n' "$_variables" | sed -n 's/^\(ETCDCTL_[A-Z_]*\)=.*/\1/p'); do unset "$_variable"; done ;;
esac
unset _variables

# Prints $1 hundredths as seconds.
# Takes whole numbers.
seconds() {
    printf '%d.%02d' $(($1 / 100)) $(($1 % 100))
}

# Runs etcdctl with the arguments $@ for patience at most. The beginning of what it says is in $work/said and $work/error.
# Name and password are in its environment: there only this user can see them, in its arguments all can, and 3.4 takes
# them from no file.
etcdctl_run() {
    set -- "--endpoints=${asked-$endpoints}" --command-timeout="$(seconds "$patience")s" --dial-timeout="$(seconds "$patience")s" "$@"
    [ -z "$cacert" ] || set -- "--cacert=$cacert" "$@"
    [ -z "$cert" ] || set -- "--cert=$cert" "$@"
    [ -z "$key" ] || set -- "--key=$key" "$@"
    # Longer than its own limit, so that it can say what it waited for.
    set -- timeout -k 0.5 "$(seconds $((patience + 30)))" etcdctl "$@"
    : >"$work/status"
    {
        {
            _code=0
            if [ -n "$user" ]; then
                ETCDCTL_API=3 ETCDCTL_USER=$user ETCDCTL_PASSWORD=$password "$@" 2>&1 >&3 3>&- || _code=$?
            else
                ETCDCTL_API=3 "$@" 2>&1 >&3 3>&- || _code=$?
            fi
            printf '%s\n' "$_code" >"$work/status"
        } | head -c 4096 >"$work/error"
    } 3>&1 | head -c 65536 >"$work/said"
    _code=70
    [ ! -s "$work/status" ] || read -r _code <"$work/status"
    return "$_code"
}

# Ends with 69: etcd cannot be asked, for the reason $1, or what etcdctl said last.
# The password is in nothing that it says today.
no_answer() {
    _why=$(grep '^Error' "$work/error" | tail -n 1 | cut -c 1-300) || :
    case ${password:+x}$_why in
    x*"$password"*) _why='(it names the password)' ;;
    esac
    die 69 "etcd at ${asked-$endpoints}: ${1-${_why:-gave no answer in $(seconds "$patience") s}}" "is a majority of it up? nobody takes over or publishes until it is"
}

# Reads what a transaction answered: cluster, won (true or false), epoch, leader, the epoch in which it leads, its lease,
# phase, since and holder. Ends with 69 if it is no such answer, with 65 if the keys hold what we do not write.
read_answer() {
    # shellcheck disable=SC2016 # awk expands these
    _read='
        function none() { print "none"; done = 1; exit }
        function quoted(s) { if (s !~ /^"[^"\\]*"$/) none(); return substr(s, 2, length(s) - 2) }
        # "Word" : value, and nothing else
        !match($0, /^"[A-Za-z]+" : /) || length($0) > 1024 { none() }
        { word = substr($0, 2, RLENGTH - 5); value = substr($0, RLENGTH + 1) }
        word == "ClusterID" && NR == 1 { if (value !~ /^[1-9][0-9]*$/) none(); cluster = value }
        NR == 1 && cluster == "" { none() }
        word == "Succeeded" { if (won != "" || value !~ /^(true|false)$/) none(); won = value }
        word == "Key" {
            key = quoted(value)
            if (won == "" || index(key, base) != 1) none()
            key = substr(key, length(base) + 1)
            if (key !~ /^(epoch|leader|phase)$/ || key in held) none()
        }
        word == "Value" { if (key == "" || key in held) none(); held[key] = value }
        word == "Count" { counts++ }
        { last = $0 }
        word == "Lease" { if (value !~ /^[0-9]+$/) none(); lease[key] = value; key = "" }
        END {
            if (done) exit
            # Three were asked for, and the deletion that deletes nothing comes last: it is whole.
            if (won == "" || key != "" || counts != 3 || last != "\"Deleted\" : 0") none()
            number = "(0|[1-9][0-9]*)"
            if (!("epoch" in held)) held["epoch"] = "\"0\""
            if (!("leader" in held)) held["leader"] = "\"- -\""
            if (!("phase" in held)) held["phase"] = "\"- - - -\""
            if (held["epoch"] !~ "^\"" number "\"$" || length(held["epoch"]) > 17 ||
                held["leader"] !~ "^\"(- -|" number " [A-Za-z0-9_][A-Za-z0-9._-]*)\"$" ||
                held["phase"] !~ "^\"(- - - -|" number " (taking|leading|released) [0-9TZ:-]+ [A-Za-z0-9_][A-Za-z0-9._-]*)\"$") { print "foreign"; exit }
            gsub(/"/, " ", held["epoch"]); gsub(/"/, " ", held["leader"]); gsub(/"/, " ", held["phase"])
            print "answer", cluster, won, held["epoch"], held["leader"], (("leader" in lease) ? lease["leader"] : "-"), held["phase"]
        }'
    # shellcheck disable=SC2046 # words
    set -- $(awk -v base="$base" "$_read" "$work/said") ''
    case $1 in
    answer) ;;
    foreign) die 65 "etcd at $endpoints: $base: holds what no coordinator wrote" "etcdctl get --prefix $base shows it; correct prefix in $conf" ;;
    *) no_answer 'what etcdctl said cannot be understood' ;;
    esac
    cluster=$2 won=$3 epoch=$4 led=$5 leader=$6 lease=$7 phased=$8 phase=$9
    shift 9
    since=$1 holder=$2
    [ "$leader" != - ] || leader=
    # A phase of an epoch before is none of this one.
    [ "$phased" = "$epoch" ] || phase='' holder=''
    [ "$phase" != released ] || holder=
}

# Asks in a transaction whether the comparisons $1 (lines) hold, does $2 (lines) then, and reads what there is after it.
# Sets what read_answer does; gives up as it does, and with 65 for another coordinator.
transact() {
    base=$prefix/$line/
    recall
    _questions=$(printf 'get %s\n' "${base}epoch" "${base}leader" "${base}phase")
    printf '%s\n' ${1:+"$1"} '' "$_questions" ${2:+"$2"} "del ${base}none" '' "$_questions" "del ${base}none" '' >"$work/asked"
    etcdctl_run -w fields txn <"$work/asked" || no_answer
    read_answer
    believe "$cluster"
}

# That name leads in term, as comparisons.
leads() {
    printf 'value("%s") = "%s"\n' "$prefix/$line/leader" "$term $name"
    epoch_is "$term"
}

# Gives up unless that was so: with 77 if etcd says that it is not, with 69 if what it says does not fit.
led_so() {
    [ "$won" = true ] || fenced
    [ "$epoch $led $leader" = "$term $term $name" ] || no_answer 'what etcdctl said contradicts itself'
}

# That the epoch is $1, as a comparison.
epoch_is() {
    if [ "$1" -eq 0 ]; then
        printf 'version("%s") = "0"' "$prefix/$line/epoch"
    else
        printf 'value("%s") = "%s"' "$prefix/$line/epoch" "$1"
    fi
}

# Sets epoch, leader, phase and since to what is so now.
look() {
    transact '' ''
}

# Sets left to the seconds that the lease has left, if etcd says so.
# It is for people; nothing is decided by it.
look_closer() {
    left=
    [ -n "$leader" ] && [ "$lease" != 0 ] || return 0
    etcdctl_run -w fields lease timetolive "$(printf '%x' "$lease")" || return 0
    left=$(awk '/^"TTL" : [0-9]+$/ && length($0) < 24 { print $3; exit }' "$work/said")
}

# Has etcd make a lease of ttl, and sets _granted to it.
# It is made before the key that goes with it, so that there is no moment at which the key has none.
grant() {
    etcdctl_run -w fields lease grant "$ttl" || no_answer
    _granted=$(awk -v ttl="$ttl" '
        !/^"[A-Za-z]+" : [0-9]+$/ || length($0) > 64 { bad = 1 }
        $1 == "\"ID\"" { id = $3 }
        $1 == "\"TTL\"" && $3 + 0 >= ttl + 0 { long = 1 }
        END { if (!bad && long) print id }' "$work/said")
    [ -n "$_granted" ] || no_answer 'the lease that it made is none'
    _granted=$(printf '%x' "$_granted")
}

# Remembers the lease $1 of line in term, and its ttl, so that it can be kept without being asked for.
# What is wrong or missing there costs a question, so nothing waits for the disk.
note_lease() {
    if mkdir -p -- "$state/lease" && printf '%s %s %s\n' "$term" "$ttl" "$1" >"$state/lease/.$line.$$"; then
        mv -f -- "$state/lease/.$line.$$" "$state/lease/$line" || :
    fi
}

# Makes name the leader in epoch term + 1, for ttl, and sets epoch. With the command order the lease of another does not matter.
take() {
    grant
    # Since look nobody can have become leader in this epoch, but that is not to be thought through again at each change.
    _free=
    [ "$command" = order ] || _free=$(printf 'version("%s") = "0"' "$prefix/$line/leader")
    _next=$((term + 1))
    _status=0
    # What was not answered may have been done all the same: the lease goes then, and with it whatever was.
    (
        transact "$(epoch_is "$term" && printf '\n%s' "$_free")" "$(
            printf 'put %s %s\n' "${prefix}/$line/epoch" "$_next"
            printf 'put --lease=%s %s "%s"\n' "$_granted" "$prefix/$line/leader" "$_next $name"
            printf 'put %s "%s"\n' "$prefix/$line/phase" "$_next taking $(wall_time) $name"
        )"
        [ "$won" = true ] || beaten
        epoch=$_next
        recall
        believe "$cluster"
    ) || _status=$?
    if [ "$_status" -ne 0 ]; then
        etcdctl_run lease revoke "$_granted" || :
        exit "$_status"
    fi
    epoch=$_next term=$_next
    note_lease "$_granted"
}

# Makes the phase leading, if name leads.
settle() {
    transact "$(leads)" "put $prefix/$line/phase \"$term leading $(wall_time) $name\""
    led_so
}

# Succeeds if name leads in term.
prove() {
    transact "$(leads)" ''
    led_so
}

# Proves, and writes the number of the lease to $work/lease. Ends with 64 if it is shorter than ttl: etcd keeps it alive for
# the time that it was made for, and half of a longer one could be more than all of it.
know_lease() {
    prove
    _lease=$(printf '%x' "$lease")
    etcdctl_run -w fields lease timetolive "$_lease" || no_answer
    _granted=$(awk '/^"GrantedTTL" : [1-9][0-9]*$/ && length($0) < 32 { print $3; exit }' "$work/said")
    [ -n "$_granted" ] || no_answer 'the lease is over, or what etcdctl said cannot be understood'
    [ "$ttl" -le "$_granted" ] || die 64 "TTL $ttl: the lease of $line is one of $_granted s" "keep it with the TTL with which it was acquired"
    printf '%s\n' "$_lease" >"$work/lease"
}

# Keeps the lease, and proves; succeeds if both were done. A proof alone is not enough here: if no keep-alive got through, the
# lease would end earlier after it than the time for which the proof is taken.
tend() {
    [ -s "$work/lease" ] || know_lease
    read -r _lease <"$work/lease"
    _kept=yes
    etcdctl_run -w fields lease keep-alive --once "$_lease" || _kept=no
    prove
    [ "$_kept" = yes ] || no_answer 'the lease could not be kept alive'
}

# Gives name a new lease in term, if it leads, or was the last who did and nobody does now: in this epoch nobody else can have.
# By what was answered last; gives up with 77 otherwise.
relet() {
    _comparisons=$(leads)
    _before=$lease
    if [ "$epoch $leader $holder" = "$term  $name" ]; then
        _before=
        _comparisons=$(epoch_is "$term" && printf '\nversion("%s") = "0"\nvalue("%s") = "%s"' "$prefix/$line/leader" "$prefix/$line/phase" "$term $phase $since $name")
    elif [ "$epoch $led $leader" != "$term $term $name" ]; then
        fenced
    fi
    grant
    _status=0
    # As in take: what was not answered goes with its lease.
    (
        transact "$_comparisons" "$(printf 'put --lease=%s %s "%s"\n' "$_granted" "$prefix/$line/leader" "$term $name")"
        [ "$won" = true ] || fenced
    ) || _status=$?
    if [ "$_status" -ne 0 ]; then
        # Where we lead and no answer came the key may go with the new one already. One that nothing goes with ends by itself.
        if [ "$_status" -eq 77 ] || [ -z "$_before" ]; then etcdctl_run lease revoke "$_granted" || :; fi
        exit "$_status"
    fi
    note_lease "$_granted"
    # Nothing goes with it any more.
    [ -z "$_before" ] || etcdctl_run lease revoke "$(printf '%x' "$_before")" || :
}

# Keeps the lease of name in term, or gives it a new one, and makes the phase $1. Two questions if nothing is new: the lease is
# kept first, then it is proven, for the reason that is said at tend.
renew() {
    _for='' _long='' _lease='' _kept=no
    [ ! -s "$state/lease/$line" ] || read -r _for _long _lease <"$state/lease/$line" || _lease=
    # One of another length would end sooner or later than is believed.
    case "$_for $_long ${_lease:--}" in "$term $ttl "*[!0-9a-f]*) _lease='' ;; "$term $ttl "*) ;; *) _lease='' ;; esac
    [ -z "$_lease" ] || ! etcdctl_run -w fields lease keep-alive --once "$_lease" || _kept=yes
    transact "$(leads)" ''
    if [ "$won" = true ] && [ -n "$_lease" ] && [ "$(printf '%x' "$lease")" = "$_lease" ]; then
        led_so
        [ "$_kept" = yes ] || no_answer 'the lease could not be kept alive'
    else
        relet
    fi
    # What is finished once stays so.
    [ "$phase$1" != takingleading ] || settle
}

# Gives the lease up.
# The key goes in the transaction, the lease after it: it may not be ours any more.
release() {
    transact "$(leads)" "$(printf 'del %s\nput %s "%s"' "$prefix/$line/leader" "$prefix/$line/phase" "$term released $(wall_time) $name")"
    led_so
    etcdctl_run lease revoke "$(printf '%x' "$lease")" || :
}

# Warns of each member that does not answer, and of alarms; gives up with 69 if none does, with 65 if it is another one.
# Each is asked by itself, so that one that is ahead of the others does not speak for them.
health() {
    _answering=0 _asked=0
    for asked in $(printf '%s' "$endpoints" | tr , ' '); do
        _asked=$((_asked + 1))
        if etcdctl_run -w fields get "$prefix/none"; then
            _answering=$((_answering + 1))
            cluster=$(awk 'NR == 1 && /^"ClusterID" : [1-9][0-9]*$/ { print $3 }' "$work/said")
            [ -n "$cluster" ] || no_answer 'what etcdctl said cannot be understood'
            recall
            [ -z "$known_id" ] || [ "$known_id" = "$cluster" ] || another_one "$asked is $cluster, and was $known_id"
        else
            warn "etcd at $asked: does not answer"
        fi
    done
    unset asked
    [ "$_answering" -gt 0 ] || no_answer 'no member answers'
    # With users in etcd only root may ask this.
    if etcdctl_run alarm list && [ -s "$work/said" ]; then
        warn "etcd at $endpoints: alarm: $(head -c 200 -- "$work/said")" "make room: etcdctl compact, defrag, then alarm disarm"
    fi
    printf 'etcd: %s of %s endpoints answer\n' "$_answering" "$_asked"
}

# Remembers the identity of the one that answers.
renew_identity() {
    base=$prefix/
    etcdctl_run -w fields get "$prefix/none" || no_answer
    cluster=$(awk 'NR == 1 && /^"ClusterID" : [1-9][0-9]*$/ { print $3 }' "$work/said")
    [ -n "$cluster" ] || no_answer 'what etcdctl said cannot be understood'
    known_id=
    remember "$cluster"
}

# Makes the epoch of line $1, which is higher than it was; nobody leads then.
raise() {
    transact "$(epoch_is "$epoch")" "$(printf 'put %s %s\ndel %s' "$prefix/$line/epoch" "$1" "$prefix/$line/leader")"
    [ "$won" = true ] || die 75 "$line: changed meanwhile" "run it again"
    epoch=$1
}
