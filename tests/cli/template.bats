#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# rs-render template: what real templates use (SEMANTICS.md 9.2, 9.3), its options, its errors with their places, and the
# modules beside those of Python.

load ../lib/common

# renders TEXT [OPTION...]: TEXT as a template.
renders() {
    local text=$1
    shift
    printf '%s' "$text" | rs-render template - "$@"
}

# refuses STATUS WORDS OPTION...: nothing on standard output, and these words in the error.
refuses() {
    local status_wanted=$1 words=$2
    shift 2
    run "-$status_wanted" --separate-stderr rs-render template "$@"
    [ -z "$output" ]
    # shellcheck disable=SC2154 # set by run
    [[ $stderr == *"$words"* ]] || fail "no '$words' in: $stderr"
}

# fails_at LINE:COLUMN WORDS TEXT: exit 78, the place, and these words.
fails_at() {
    printf '%s' "$3" >bad.j2
    refuses 78 "rs-render: error: bad.j2:$1: $2" bad.j2
}

# ---- what templates use ----

@test "a profile comes out as it was meant, line by line" {
    cat >profile.cfg.in <<'END'
{% import 'parts' as parts with context -%}
{% set part_list = [] -%}
{% set sections = {} -%}
{% macro section(name) -%}
{%   do part_list.append(name) -%}
[{{ name }}]
{%- endmacro -%}
{# a comment that is not there -#}
[buildout]
eggs-directory = {{ eggs_directory }}
{% for name, port in ports|dictsort -%}
{%   if loop.first %}
# {{ loop.length }} of them
{%   endif -%}
{%   if port is defined and port > 8000 and name not in ('skipped', 'other') -%}
{{ section('service-' ~ name) }}
port = {{ port }}
url = {{ 'http://%s:%s/' % (host or '::1', port) }}
{%   elif port == 80 -%}
{%     do sections.__setitem__(name, {'port': port, 'flags': [True, none]}) -%}
{%   else -%}
{{ section('low-' + name) }}
{%   endif -%}
{% endfor -%}
{% for k, v in six.iteritems(sections) -%}
[{{ k }}]
{%   for key in v|sort -%}
{{ key }} = {{ dumps(v[key]) }}
{%   endfor -%}
{% endfor -%}
{{ parts.footer(part_list) }}
{% raw %}{{ later }}{% endraw %}
END
    cat >parts <<'END'
{% macro footer(names, separator=' ') -%}
[parts]
parts = {{ names|join(separator) }}
of = {{ host }}
{%- endmacro %}
END
    cat >context.json <<'END'
{"host": "h", "eggs_directory": "/eggs", "ports": {"b": 8080, "a": 22, "skipped": 9000, "web": 80}}
END
    rs-render template profile.cfg.in -c context.json --import parts=parts >out
    cat >wanted <<'END'
[buildout]
eggs-directory = /eggs

# 4 of them
[low-a]
[service-b]
port = 8080
url = http://h:8080/
[low-skipped]
[web]
flags = !py![True, None]
port = !py!80
[parts]
parts = low-a service-b low-skipped
of = h
{{ later }}
END
    printf '%s' "$(cat wanted)" >whole # the last line end goes, as in Jinja2
    cmp whole out
}

@test "the examples of the stack's own documents" {
    cat >parts.in <<'END'
{% macro replicate(namebase, nb) -%}
{% for i in range(nb|int) %}request-{{ namebase }}{{ i }}
  {% endfor %}
{%- endmacro %}
END
    cat >replicated.in <<'END'
{% macro replicate(namebase, nb, typeexport, typeimport, leader='', backup='', slapparameter_dict={}) -%}
{% for i in range(nb|int) %}
[request-{{ namebase }}{{ i }}]
<= {{ leader if i == 0 else backup }}
software-type = {{ typeexport if i == 0 else typeimport }}
{% for key in slapparameter_dict|sort if key.startswith('-sla-%s-' % i) -%}
sla-{{ key[7:] }} = {{ slapparameter_dict[key] }}
{% endfor -%}
{% endfor %}
{%- endmacro %}
END
    cat >instance.cfg.in <<'END'
{% import 'parts' as parts %}{% import 'replicated' as replicated -%}
parts +=
  {{ parts.replicate("Name","3") }}
{{ replicated.replicate("Name", "3",
                        "mysoftware-export", "mysoftware-import",
                        "ArgLeader","ArgBackup", slapparameter_dict=slapparameter_dict) }}
END
    rs-render template instance.cfg.in --import parts=parts.in --import replicated=replicated.in \
        --context-line 'json slapparameter_dict {"-sla-2-computer_guid": "COMP-GROUP2", "-sla-2-network_guid": "NET-2"}' >out
    cat >wanted <<'END'
parts +=
  request-Name0
  request-Name1
  request-Name2
  

[request-Name0]
<= ArgLeader
software-type = mysoftware-export

[request-Name1]
<= ArgBackup
software-type = mysoftware-import

[request-Name2]
<= ArgBackup
software-type = mysoftware-import
sla-computer_guid = COMP-GROUP2
sla-network_guid = NET-2
END
    diff wanted out
}

@test "expressions, filters, tests and methods of real templates" {
    local text want
    while IFS='|' read -r want text; do
        [ "$(renders "{{ ${text//¦/|} }}")" = "$want" ] || fail "$text: $(renders "{{ ${text//¦/|} }}"), not $want"
    done <<'END'
{'a': 1, 'b': [2, None]}|dict({'a': 1}, b=[2, none])
[('a', 1), ('b', 2)]|{'b': 2, 'a': 1}¦dictsort
3|['a', 'b', 'c']¦length
A-B|['a', 'b']¦join('-')¦upper
{"a": [1, true, null]}|{'a': [1, true, none]}¦tojson
12|'12'¦int
0|'x'¦int
x|nothing¦default('x')
['x']|[{'n': 'x', 'on': true}, {'n': 'y', 'on': false}]¦selectattr('on')¦map(attribute='n')¦list
a%20b/c|'a b/c'¦urlencode
[1, 2, 3]|[3, 1, 2]¦sort
[1, 2]|[1, 2, 1]¦unique¦list
a.c|'a.b.c'.split('.')[::2]¦join('.')
('a', 'b')|('a', 'b', 'c')[:2]
x-y|'%s-%s' % ('x', 'y')
0005|'%04d' % 5
2.5|5 / 2
2|5 // 2
256|2 ** 8
True|'x' in {'x': 1} and 'y' not in 'abc'
-1|-1
yes|'yes' if 1 < 2 else 'no'
'a\x24b\x3b'|dumps('a$b;')[4:]
!py!1024|dumps(1024)
[0, 1]|list(range(2))
{'a': 1}|{}.fromkeys('a', 1)
['l', 'r']|'l/r'.rsplit('/', 1)
True|isinstance('a', six.string_types)
[(0, 'a'), (1, 'b')]|list(enumerate('ab'))
END
    [ "$(renders '{% set ns = namespace(n=0) %}{% for i in range(4) %}{% set ns.n = ns.n + i %}{% endfor %}{{ ns.n }}')" = 6 ]
    [ "$(renders '{% for i in range(9) %}{% if i == 2 %}{% continue %}{% endif %}{% if i > 3 %}{% break %}{% endif %}{{ i }}{% endfor %}')" = 013 ]
    [ "$(renders '{{ assert(1 < 2) }}{{ assert(true, 1, 2) }}x')" = x ]
}

@test "loops take their items one by one" {
    local it=(--context-line 'import itertools itertools')
    [ "$(renders '{% for i in itertools.count() %}{% if i == 3 %}{% break %}{% endif %}{{ i }}{% endfor %}' "${it[@]}")" = 012 ]
    [ "$(renders '{% for k, g in itertools.groupby("aab") %}{{ k }}{{ g|list }}{% endfor %}' "${it[@]}")" = "a['a', 'a']b['b']" ]
    [ "$(renders '{% set c = iter("abcd") %}{% for i in c %}{{ i }}{{ next(c) }};{% endfor %}')" = 'ab;cd;' ]
    # An iterator that has ended stays there, though the list grows.
    [ "$(renders '{% set c = [3, 1, 2] %}{% for r in c|batch(2) %}{% do c.append(4) %}{{ r }}{% endfor %}')" = '[3, 1][2, 4]' ]
    [ "$(renders '{% set l = [1] %}{% for i in l %}{% if i < 4 %}{% do l.append(i + 1) %}{% endif %}{{ i }}{% endfor %}')" = 1234 ]
    [ "$(renders '{% for i in iter("abc") %}{{ loop.revindex }}{{ loop.last }}{{ loop.nextitem|default("-") }}{{ loop.previtem|default("-") }} {% endfor %}')" = '3Falseb- 2Falseca 1True-b ' ]
    [ "$(renders '{% for i in range(6) if i % 2 %}{{ loop.index }}/{{ loop.length }}:{{ i }} {% else %}none{% endfor %}')" = '1/3:1 2/3:3 3/3:5 ' ]
    [ "$(renders '{% for i in [] %}x{% else %}none{% endfor %}{% for i in [1, 2] recursive %}{{ i }}{{ loop.depth }}{{ loop([]) if i == 1 else "" }}{% else %}-{% endfor %}')" = 'none11-21' ]
    refuses 78 'RuntimeError: dictionary changed size during iteration' - <<<'{% set d = {1: 2} %}{% for k in d %}{% do d.update({k + 1: 3}) %}{% endfor %}'
}

@test "modules that are imported do what those of Python do" {
    local counts
    counts=$("$python" "$lib/modules.py" 400 "${RS_SEED-1}") || fail "$counts"
    say "modules: $counts (RS_SEED=${RS_SEED-1})"
    [[ $counts == 'same '[2-9]??,* ]]
}

@test "what a template shall not do is refused, with the reason" {
    refuses 78 "not supported: os.environ: a template's result must not depend on the environment" - \
        --context-line 'import os os' <<<'{{ os.environ.HOME }}'
    refuses 78 'not supported: os.listdir: the order of its names is an accident' - --context-line 'import os os' <<<'{{ os.listdir("/") }}'
    refuses 78 'not supported: math.hypot' - --context-line 'import math math' <<<'{{ math.hypot(3, 4) }}'
    refuses 78 'not supported: a URL whose host is not ASCII' - --context-line 'import u urllib.parse' <<<'{{ u.urlparse("http://é/") }}'
    refuses 78 'TypeError: Strings must be encoded' - --context-line 'import h hashlib' <<<'{{ h.md5("a") }}'
    refuses 78 "ModuleNotFoundError: no stand-in for the module 'jsom', perhaps 'json' is meant; there are base64, " - \
        --context-line 'import json jsom' <<<''
}

@test "what would never end ends, with an error" {
    refuses 78 'Limit: the regular expression' - --context-line 'import re re' <<<'{{ re.match("(a|aa)+$", "a" * 60 + "b") }}'
    refuses 78 'MemoryError' - <<<'{{ "x" * 2000000000 }}'
    refuses 78 'RecursionError' - <<<'{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}'
    refuses 78 'OverflowError: an integer beyond 64 bits' - <<<'{{ 2 ** 63 }}'
    refuses 78 'RecursionError' - --context-line "json a $("$python" -S -c 'print("[" * 1000 + "]" * 1000)')" <<<''
    truncate -s 65M large
    refuses 78 'large: more than 64.0 MiB' large
}

# ---- options ----

@test "names come from files, lines and definitions, the later ones instead of the earlier" {
    printf '%s' '{"a": "file", "b": {"z": 1, "a": [1.0, true, null]}, "len": 7}' >c.json
    printf '%s' '{"a": "second"}' >d.json
    [ "$(renders '{{ a }} {{ b }} {{ len }}' -c c.json)" = "file {'z': 1, 'a': [1.0, True, None]} 7" ]
    [ "$(renders '{{ a }}' -c c.json -c d.json)" = second ]
    [ "$(renders '{{ a }}' -c c.json -D a=given)" = given ]
    [ "$(renders '{{ a }}' -c c.json --context-line 'raw a  two words ')" = 'two words ' ]
    [ "$(renders '{{ a + 1 }}' --context-line 'json a 41')" = 42 ]
    [ "$(renders '{{ a }}' --define 'a=x=y')" = x=y ]
    [ "$(renders '[{{ a }}]' --context-line 'raw a')" = '[]' ]
    [ "$(renders '{{ j.dumps({"b": 1, "a": 2}, sort_keys=true) }}' --context-line 'import j json')" = '{"a": 2, "b": 1}' ]
    printf '%s' '{{ a }}' >t.j2
    [ "$(rs-render template t.j2 -c - <c.json)" = file ]
    rs-render template t.j2 -D a=1 --json 2>json >out
    [ "$(cat out)" = 1 ]
    [ "$(json json bytes)" = 1 ]
}

@test "folders of templates are open down to their ends, and not beyond" {
    mkdir -p d/sub
    echo '{% macro m() %}M{% endmacro %}' >d/m.j2
    echo '{% import "f/m.j2" as m %}{{ m.m() }}' >d/sub/s.j2
    echo secret >secret
    ln -s ../secret d/out
    ln -s sub/s.j2 d/in
    ln -s / d/root
    [ "$(renders '{% include "f/sub/s.j2" %}' --import f=d)" = M ]
    [ "$(renders '{% include "f/in" %}' --import f=d)" = M ]
    [ "$(renders '{% include ["f/no", "x"] %}' --import f=d --import x=secret)" = secret ]
    [ "$(renders '{% include "f/no" ignore missing %}' --import f=d)" = '' ]
    [ "$(renders '{% include "f/m.j2" %}' --import f=d --import f/m.j2=secret)" = secret ]
    local name
    for name in f/../secret f/sub/../../secret f/out f/root/etc/passwd f//m.j2; do
        refuses 78 "import $name: leads out of its folder" - --import f=d <<<"{% include '$name' %}"
    done
    refuses 78 'TemplateNotFound: secret' - --import f=d <<<'{% include "secret" %}'
    refuses 66 'd/sub: not a regular file' - --import f=d <<<'{% include "f/sub" %}'
    mkfifo d/fifo
    refuses 66 'd/fifo: not a regular file' - --import f=d <<<'{% include "f/fifo" %}'
}

@test "a file is written whole or not at all, and keeps its permissions" {
    printf '{{ a }}\n' >t.j2
    rs-render template t.j2 -D a=one -o out >stdout
    [ "$(cat out)" = one ]
    [ ! -s stdout ]
    [ "$(stat -c %a out)" = 644 ]
    chmod 4700 out
    rs-render template t.j2 -D a=two --output out
    [ "$(cat out)" = two ]
    [ "$(stat -c %a out)" = 700 ]
    refuses 78 "UndefinedError: 'a' is undefined" t.j2 -o out
    [ "$(cat out)" = two ]
    refuses 78 "UndefinedError: 'a' is undefined" t.j2 -o new
    [ ! -e new ]
    ln -s out link
    refuses 73 'link: is there and is not a regular file' t.j2 -D a=3 -o link
    refuses 73 'no: cannot open directory' t.j2 -D a=3 -o no/out
    [ "$(cat out)" = two ]
    [ "$(find . -name '.tmp*' | wc -l)" = 0 ]
    run -74 sh -c 'rs-render template t.j2 -D a=3 >/dev/full'
}

@test "wrong use has its status, and nothing is printed" {
    echo x >t.j2
    refuses 64 'FILE is required'
    refuses 64 'standard input cannot be read twice' - -c -
    refuses 64 '--check writes nothing' t.j2 --check -o out
    refuses 64 'a is given twice' t.j2 -D a=1 -D a=2
    refuses 64 'a is given twice' t.j2 --context-line 'raw a 1' --context-line 'json a 2'
    refuses 64 'a is given twice' t.j2 --context-line 'raw a 1' -D a=2
    refuses 64 '1a is no name' t.j2 -D 1a=2
    refuses 64 'a.b is no name' t.j2 --context-line 'raw a.b 2'
    refuses 64 'not NAME=VALUE' t.j2 -D a
    refuses 64 'not NAME=FILE' t.j2 --import a
    refuses 64 'given twice' t.j2 --import a=t.j2 --import a=t.j2
    refuses 64 'no such type' t.j2 --context-line 'text a 1'
    refuses 64 'not TYPE NAME EXPRESSION' t.j2 --context-line 'raw'
    refuses 64 'without an expression' t.j2 --context-line 'json a'
    refuses 64 'more than one line' t.j2 --context-line $'raw a 1\nraw b 2'
    refuses 64 'not UTF-8' t.j2 -D $'a=\xff'
    refuses 64 'not the name of a file' t.j2 -o ./
    refuses 66 'missing.j2: cannot open' missing.j2
    refuses 66 'missing.json: cannot open' t.j2 -c missing.json
    refuses 66 'missing: cannot open' t.j2 --import a=missing
    refuses 78 'needs a profile' t.j2 --context-line 'key a section:option'
    refuses 78 'needs a profile' t.j2 --context-line 'section a section'
    refuses 78 'needs a profile' t.j2 --context-line 'jsonkey a section:option'
}

# ---- errors ----

@test "errors name file, line and column, and show the line" {
    printf 'one\n  {{ two }}\n' >t.j2
    refuses 78 "rs-render: error: t.j2:2:6: UndefinedError: 'two' is undefined
      {{ two }}
         ^
rs-render: hint: 'is defined' asks" t.j2
    fails_at 1:6 'ZeroDivisionError: ' '{{ 1 // 0 }}'
    fails_at 2:7 "TypeError: 'int' object is not callable" $'é\n é{{ 1() }}'
    fails_at 1:9 "UndefinedError: 'dict object' has no attribute 'x'" '{{ {}.x.y }}'
    fails_at 1:1 "the tag 'if' does not end" '{% if x %}'
    fails_at 1:6 "unknown tag 'foo'" 'x {% foo %}'
    fails_at 1:8 "unknown filter 'nofilter'" '{{ "a"|nofilter }}'
    fails_at 1:10 "unexpected '}', expected ']'" '{{ [1, 2 }}'
    fails_at 1:17 "KeyError: 'b'" "{{ dict(a=1).pop('b') }}"
    printf '\n{%% macro m() %%}\n{{ 1 / 0 }}{%% endmacro %%}' >lib.j2
    printf '{%% import "l" as l %%}{{ l.m() }}' >t.j2
    refuses 78 'rs-render: error: lib.j2:3:6: ZeroDivisionError: division by zero' t.j2 --import l=lib.j2
    rs-render template t.j2 --check
    printf '{{' >t.j2
    refuses 78 'rs-render: error: t.j2:1:' t.j2 --check
    printf 'a\xff' >t.j2
    refuses 78 't.j2: not UTF-8' t.j2
    printf '{"a": 1,}' >c.json
    echo x >t.j2
    refuses 78 'c.json: JSONDecodeError: Expecting property name enclosed in double quotes: line 1 column 9 (char 8)' t.j2 -c c.json
    printf '[1]' >c.json
    refuses 78 'c.json: not a JSON object' t.j2 -c c.json
    refuses 78 'JSONDecodeError' t.j2 --context-line 'json a {'
    refuses 78 'OverflowError: an integer beyond 64 bits' t.j2 --context-line 'json a 9223372036854775808'
}

@test "context lines find options of a profile, with their types" {
    printf '[buildout]\n[a]\nx = ${b:y}/z\nn = !py!{"k": [1, None]}\nj = {"k": [1, null]}\n[b]\ny = 1\n' >p.cfg
    printf '{{ x }} {{ n }} {{ j }} {{ s }} {{ s.n.k[0] + 1 }}' >t.j2
    [ "$(rs-render template t.j2 --profile p.cfg --context-line 'key x a:x' --context-line 'key n a:n' \
        --context-line 'jsonkey j a:j' --context-line 'section s a')" = \
        "1/z {'k': [1, None]} {'k': [1, None]} {'x': '1/z', 'n': {'k': [1, None]}, 'j': '{\"k\": [1, null]}'} 2" ]
    [ "$(rs-render template t.j2 --profile p.cfg --set b:y=2 --context-line 'key x a:x' -D n=1 -D j=1 \
        --context-line 'section s a' | cut -d ' ' -f 1)" = 2/z ]
    refuses 78 'there is no option nothing in [a]' t.j2 --profile p.cfg --context-line 'key x a:nothing'
    refuses 78 'needs a profile' t.j2 --context-line 'key x a:x'
    refuses 64 'not SECTION:OPTION' t.j2 --profile p.cfg --context-line 'key x a'
    refuses 64 '--set needs --profile' t.j2 --set b:y=2
}

@test "a corpus that has every construct comes out as python3-jinja2 renders it" {
    run /usr/bin/python3 "$lib/templates.py" corpus "$BATS_TEST_DIRNAME/../data/templates"
    [ "$output" = "same $(find "$BATS_TEST_DIRNAME/../data/templates" -name '*.j2' | wc -l), refused by both 0, different 0" ] || fail "$output"
}

@test "templates made up at random come out as python3-jinja2 renders them" {
    local count=${RS_TEMPLATES-20000}
    run /usr/bin/python3 "$lib/templates.py" random "$count" "${RS_SEED-1}"
    say "${lines[-1]}"
    [ "$status" -eq 0 ] || fail "$output"
    [[ ${lines[-1]} =~ ^same\ ([0-9]+), ]]
    [ "${BASH_REMATCH[1]}" -gt $((count / 3)) ]
}
