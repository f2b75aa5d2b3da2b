#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# rs-slaparse(1): the example that the users gave, the rule against an independent one, output that scripts evaluate,
# and input that is wrong (SEMANTICS.md 22-29).

load ../lib/common

seed() {
    cat <<'END'
<?xml version='1.0' encoding='utf-8'?>
<instance>

<parameter id="-sla-1-computer_guid">COMP-GRP1</parameter>
<parameter id="-sla-pbs1-computer_guid">COMP-PBS1</parameter>
<parameter id="-sla-2-computer_guid">COMP-GROUP2</parameter>
<parameter id="-sla-runner2-computer_guid">COMP-RUN2</parameter>
<parameter id="-sla-2-network_guid">NET-2</parameter>
<parameter id="-sla-runner0-computer_guid">COMP-RUN0</parameter>

</instance>
END
}

@test "the example gives what it says, for each of its five requests" {
    seed >params.xml
    run -0 rs-slaparse --strict --all runner:3 params.xml
    [ "$output" = "runner0 computer_guid=COMP-RUN0
runner1 computer_guid=COMP-GRP1
runner2 computer_guid=COMP-RUN2
runner2 network_guid=NET-2
pbs1 computer_guid=COMP-PBS1
pbs2 computer_guid=COMP-GROUP2
pbs2 network_guid=NET-2" ]
    [ "$(rs-slaparse --name runner1 --id 1 <params.xml)" = computer_guid=COMP-GRP1 ]
    [ "$(rs-slaparse --name pbs2 --id 2 - <params.xml)" = "computer_guid=COMP-GROUP2
network_guid=NET-2" ]
    [ "$(rs-slaparse --name runner7 --id 7 params.xml)" = mode=unique_by_network ]
    [ -z "$(rs-slaparse --rest params.xml)" ]
    [ "$(rs-slaparse --cfg --name runner2 --id 2 params.xml)" = "sla-computer_guid = COMP-RUN2
sla-network_guid = NET-2" ]
    [ "$(rs-slaparse --cfg --all runner:2 params.xml | head -2)" = "[runner0]
sla-computer_guid = COMP-RUN0" ]
    rs-slaparse --json --name runner2 --id 2 params.xml >json
    [ "$(json json sla.computer_guid)" = COMP-RUN2 ]
}

@test "300 random sets of parameters give what an independent implementation gives" {
    local requests
    requests=$("$python" -S "$lib/placements.py" 300 "${RS_SEED-1}")
    say "$requests requests compared"
    [ "$requests" -gt 2000 ]
}

@test "what a script evaluates sets exactly the variables that were meant" {
    local value
    for value in '$(touch pwned)' '`touch pwned`' "it's; touch pwned" 'a b  c' '*' '~' '' $'two\nlines' 'x" y' "'" '\\'; do
        "$python" -S -c 'import json, sys; print(json.dumps({"-sla-n1-computer-guid": sys.argv[1]}))' "$value" >p
        (
            eval "$(rs-slaparse --name n1 --id 1 --prefix sla_ p)"
            [ "$sla_computer_guid" = "$value" ]
        ) || fail "not as it was: $value"
    done
    [ ! -e pwned ]
    for key in PATH IFS 'a b' 'a;touch pwned' 'a=b' 1a; do
        "$python" -S -c 'import json, sys; print(json.dumps({"-sla-n1-" + sys.argv[1]: "x"}))' "$key" >p
        run -78 --separate-stderr rs-slaparse --name n1 --id 1 p
        [ -z "$output" ]
        [[ $stderr == *"cannot be the name of a variable"* ]]
        run -0 rs-slaparse --json --name n1 --id 1 p
    done
    # Half of an answer is none.
    printf '%s\n' '-sla-n0-a=1' '-sla-n1-B=2' >p
    run -78 --separate-stderr rs-slaparse --all n:2 p
    [ -z "$output" ]
    printf '%s\n' '-sla-1-a-b=1' '-sla-1-a_b=2' >p
    run -78 --separate-stderr rs-slaparse --name n1 --id 1 p
    [[ $stderr == *"two parameters would become the variable a_b"* ]]
}

@test "parameters for nobody are reported, with status 1 where that was asked for" {
    printf '%s\n' '-sla-foo-bar=1' '-sla-5-a=1' 'plain=x y' >p
    run -0 --separate-stderr rs-slaparse --all n:3 p
    [ -z "$stderr" ]
    run -0 --separate-stderr rs-slaparse -v --all n:3 p
    [[ $stderr == *"-sla-foo-bar"*"-sla-5-a"* ]]
    run -1 --separate-stderr rs-slaparse --strict --all n:3 p
    [[ $stderr == *"warning: parameter -sla-foo-bar: is for none of the requests of n:3"*"-sla-5-a"* ]]
    [[ $output == "n0 mode=unique_by_network"* ]]
    run -1 --separate-stderr rs-slaparse --strict --name n1 --id 1 p
    [[ $stderr == *"-sla-foo-bar"* ]]
    [[ $stderr != *"-sla-5-a"* ]]
    [ "$(rs-slaparse --rest p)" = "plain='x y'" ]
    [ "$(rs-slaparse --rest --cfg p)" = "config-plain = x y" ]
}

@test "types stay what they were in what is left" {
    echo '{"n": 5, "on": true, "list": [1, "x"], "-sla-1-a": 7}' >p
    rs-slaparse --rest --json p >json
    grep -q '"parameters":{"list":\[1,"x"\],"n":5,"on":true}' json
    grep -q '"placement":{"-sla-1-a":"7"}' json
    [ "$(rs-slaparse --name q1 --id 1 p)" = a=7 ]
}

@test "wrong use and wrong input have their status, and nothing is printed" {
    local text
    seed >params.xml
    for args in '' '--name n1' '--id 1' '--name n1 --id x' '--name n1 --id 01' '--name n --id 1' '--name 1 --id 1' '--all n' '--all :3' \
        '--all n:0' '--all n:x' '--all n:1001' '--all pbs:2' '--all n:2 --rest' '--name n1 --id 1 --all n:2' '--rest --prefix a-b' \
        '--rest --cfg --prefix x' '--rest --from yaml'; do
        # shellcheck disable=SC2086
        run -64 --separate-stderr rs-slaparse $args params.xml
        [ -z "$output" ]
        [[ $stderr == "rs-slaparse: error: "* ]]
    done
    run -66 --separate-stderr rs-slaparse --rest missing
    [[ $stderr == "rs-slaparse: error: missing: "* ]]
    for text in '<instance>' '<instance><x/></instance>' '{"a":' '{"a":1,"a":2}' 'a' $'a=1\na=2' $'a=\xff' '[]' \
        '<!DOCTYPE i [<!ENTITY a "b">]><instance/>'; do
        printf '%s' "$text" >bad
        run -78 --separate-stderr rs-slaparse --rest bad
        [ -z "$output" ]
        [[ $stderr == "rs-slaparse: error: bad:"* ]]
    done
}
