#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The certificates of computers, where the deployment has members of etcd; sourced by rs-deploy.
# shellcheck disable=SC2016,SC2154,SC2034 # programs of jq; globals are those of rs-deploy

# Has members.json of the state be {authority: {certificate, key}, computers: {NAME: {address, certificate, key}}, formed}: an authority
# of the deployment's own, and for each computer a certificate by which members and clients know each other. They are made once,
# and again two months before they end, or when the address is another one. formed: the members have worked together.
# Ends with 69 if openssl fails.
certify() {
    jq -e '.coordinator.members // [] | length > 0' "$work/deployment.json" >/dev/null || return 0
    needs_tools openssl
    [ -e "$state/members.json" ] || printf '{}\n' >"$state/members.json"
    mkdir -p -- "$work/tls"
    if ! keep_pem '.authority' '' '' "$work/tls/ca"; then
        made openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 9000 -subj "/CN=$name" -keyout "$work/tls/ca.key" -out "$work/tls/ca.pem"
        update members.json '.authority = {certificate: $certificate, key: $key} | .computers = {}' --rawfile certificate "$work/tls/ca.pem" --rawfile key "$work/tls/ca.key" || :
    fi
    jq -r '.computers[] | "\(.name) \(if .address == "" then "127.0.0.1" else .address end)"' "$work/deployment.json" >"$work/tls/computers"
    while read -r _one _address <&4; do
        if keep_pem '.computers[$one] | select(.address == $address)' "$_one" "$_address" "$work/tls/one"; then continue; fi
        case $_address in
        *:* | [0-9]*.[0-9]*.[0-9]*.[0-9]*) _called=IP:$_address ;;
        *) _called=DNS:$_address ;;
        esac
        printf 'subjectAltName=%s\nbasicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\nextendedKeyUsage=serverAuth,clientAuth\n' \
            "$_called" >"$work/tls/extensions"
        made openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=$_one" -keyout "$work/tls/one.key" -out "$work/tls/one.csr"
        made openssl x509 -req -in "$work/tls/one.csr" -CA "$work/tls/ca.pem" -CAkey "$work/tls/ca.key" -CAcreateserial -days 3650 \
            -extfile "$work/tls/extensions" -out "$work/tls/one.pem"
        update members.json '.computers[$one] = {address: $address, certificate: $certificate, key: $key}' --arg one "$_one" --arg address "$_address" \
            --rawfile certificate "$work/tls/one.pem" --rawfile key "$work/tls/one.key" || :
    done 4<"$work/tls/computers"
}

# Writes $4.pem and $4.key, if there is a pair that is good for two months where the jq expression $1 says, with $one = $2 and $address = $3.
keep_pem() {
    for _what in certificate key; do
        jq -er --arg one "$2" --arg address "$3" "$1 | .$_what" "$state/members.json" >"$4.$_what" 2>/dev/null || return
    done
    mv -- "$4.certificate" "$4.pem"
    openssl x509 -in "$4.pem" -noout -checkend 5184000 >/dev/null 2>&1
}

# The member of etcd $1 answers, and has a majority: from now on one without data is one that has lost it.
know_formed() {
    [ "$(placed "$1" type)" = etcd-member ] || return 0
    update members.json '.formed = true' || :
}

# Runs openssl as $@ says.
# Ends with 69 if it fails.
made() {
    "$@" >"$work/said" 2>&1 </dev/null || die 69 "openssl: $(tail -n 1 -- "$work/said")" "members of etcd know each other by certificates"
}
