#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Templates rendered by python3-jinja2 and by rs-render, and compared.

    templates.py corpus DIR        every file NAME.j2 in DIR: a template; NAME.json beside it is its context, if it is there,
                                   and every file NAME.inc may be imported and included as NAME
    templates.py random N SEED     N templates made up, the same ones for the same seed
    templates.py one TEXT          one template, with the context of the random ones: both results

Both must give the same bytes, or both must refuse. Prints counts, and the first differences; exits 1 if there was one.

What is known to differ, and why (see known()):
  integers   beyond 64 bits rs-render refuses, by design
  complex    so are complex numbers
  place      what str() shows of functions and generators contains an address, which no two runs share
  order      a set of texts has another order in each run of Python (PYTHONHASHSEED); sets of integers have CPython's
  not there  what rs-render says it does not support; counted, and with --strict shown as a difference
"""
import json
import os
import random
import re
import resource
import signal
import subprocess
import sys
import tempfile
import warnings

import jinja2
import markupsafe
import six

warnings.simplefilter("ignore")

# What Debian 12 has, and what rs-render follows. Another python3 in PATH brings another one along: 3.1.6 differs, and so does
# markupsafe 3.
VERSIONS = ("3.1.2", "2.1.2")
if (jinja2.__version__, markupsafe.__version__) != VERSIONS:
    sys.exit("templates.py: jinja2 %s, markupsafe %s of %s: wanted %s and %s, those of /usr/bin/python3" % (
        jinja2.__version__, markupsafe.__version__, sys.executable, *VERSIONS))

BUILTINS = ("abs all any bin bool bytes callable chr dict divmod enumerate filter float format frozenset hex int isinstance iter len list "
            "map max min next oct ord pow range repr reversed round set sorted str sum tuple zip").split()

CONTEXT = {
    "a": 1, "b": "text", "c": [3, 1, 2], "d": {"x": 1, "y": [1, 2], "z": "w"}, "e": None, "f": 2.5, "g": True, "h": "",
    "l": ["b", "A", "c"], "u": "h\u00e9llo w\u00f6rld", "n": -7, "big": 123456789012,
    "dl": [{"n": 2, "s": "b"}, {"n": 1, "s": "a"}, {"n": 2, "s": "C"}],
    "t": "The quick  brown\tfox\n jumps over <b>the</b> lazy \"dog\" & runs.\n\nAway", "m": {"k": {"i": [{"v": 1}, {"v": "2"}]}},
    "w": "a-b_c d.e", "p": [[1, "one"], [2, "two"]], "q": "it's", "s": "\u00df\u0130 \U0001f600 \u4e2d",
}

FILES = {
    "lib": "{% set k = 5 %}{% set _hidden = 6 %}{% macro mm(x, y=k) %}<{{ x }}{{ y }}{{ a is defined }}{{ varargs }}>{% endmacro %}"
           "{% macro with_caller() %}[{{ caller(1) }}]{% endmacro %}lib {{ v is defined }} {{ i is defined }}\n",
    "part": "part {{ a is defined }} {{ v|default('-') }} {{ i|default('-') }} {% set v = 9 %}{{ v }}{% for i in [7] %}{{ i }}{% endfor %}",
    "bad": "{{ nothing_here }}",
}


def environment():  # one for all: what is imported is compiled once
    return jinja2.Environment(undefined=jinja2.StrictUndefined, extensions=["jinja2.ext.do", "jinja2.ext.loopcontrols"],
                              loader=jinja2.DictLoader(FILES))


ENVIRONMENT = environment()


def assert_(condition, *message):  # as the recipe has it
    if not condition:
        raise AssertionError(*message)
    return ""


SECONDS = 1.5  # for one template; what needs longer appends to the list that it loops over, and is left out


class Endless(BaseException):
    pass


def too_long(*_):
    raise Endless


signal.signal(signal.SIGALRM, too_long)
# Nor may one template take the memory of the machine; rs-render inherits it, its own limit is half of that.
resource.setrlimit(resource.RLIMIT_AS, (2 << 30, 2 << 30))


def theirs(text, context):
    import builtins
    names = {name: getattr(builtins, name) for name in BUILTINS}
    names["assert"] = assert_
    names["dumps"] = lambda v: "!py!" + repr(v).replace("$", "\\x24").replace(";", "\\x3b")
    names["six"] = six
    signal.setitimer(signal.ITIMER_REAL, SECONDS)
    try:
        return ENVIRONMENT.from_string(text).render(dict(names, **context))
    except Endless:
        return None
    except Exception as e:  # whatever it is, it is a refusal
        return e
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


class Ours:
    """rs-render, many templates in one process. One that ends it is an answer, too: the next has a new one."""

    def __init__(self, directory, context, files):
        path = os.path.join(directory, "context.json")
        with open(path, "w") as f:
            json.dump(context, f)
        build = os.environ.get("RS_BUILD") or os.path.join(os.path.dirname(__file__), "../../build")
        self.command = [os.path.join(build, "tests/differential/render-many"), path]
        for name, text in files.items():
            path = os.path.join(directory, name + ".inc")
            with open(path, "w") as f:
                f.write(text)
            self.command.append("%s=%s" % (name, path))
        self.process = None

    def send(self, text):
        if self.process is None or self.process.poll() is not None:
            self.process = subprocess.Popen(self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.process.stdin.write(b"%d\n%b" % (len(text.encode()), text.encode()))
        self.process.stdin.flush()

    def receive(self):
        head = self.process.stdout.readline()
        if not head:
            return SystemError("ended with status %d" % self.process.wait())
        status, size = map(int, head.split())
        text = self.process.stdout.read(size).decode()
        if status == 0:
            return text
        return Exception(text) if status == 78 else SystemError("status %d %s" % (status, text))

    def render(self, text):
        self.send(text)
        return self.receive()


ADDRESS = re.compile(r"object at 0x|built-in method|<function |generator object|<bound method|LoopContext|<TemplateModule|_iterator object")


def known(text, want, got):
    """Why this difference is expected; nothing if it is not."""
    if isinstance(got, SystemError):
        return None
    if isinstance(got, Exception) and "beyond 64 bits" in str(got):
        return "integers"
    if isinstance(want, str) and ADDRESS.search(want):
        return "place"
    if isinstance(want, str) and isinstance(got, str) and "set(" in text and sorted(want) == sorted(got) and "'" in want:
        return "order"
    if isinstance(got, Exception) and "complex numbers" in str(got):
        return "complex"
    if isinstance(got, Exception) and "not supported" in str(got):
        return "not there"
    return None


# ---- templates made up ----

NAMES = ["a", "b", "c", "d", "e", "f", "g", "h", "l", "u", "n", "dl", "t", "m", "w", "p", "q", "s"]
LITERALS = ["1", "0", "-3", "2.5", "1e20", "1_000", "0x1f", "0b11", "0o17", "1.5e-7", "'q'", '"it\'s"', "''", "[]", "[1,'x',none]", "{}",
            "{'k': 1, 2: 'v'}", "()", "(1,)", "(1, 2)", "true", "false", "none", "10", "'a-b_c d'", "'%s-%d'", "'x,y,,z'", "'\\n'", "'\\u00e9\\x41\\101'",
            "'a' 'b'", "'{} {}'", "'{0!r:>5}|{x}'", "[[1, 2], [3]]", "100", "7", "0.1", "1e16", "123456.789", "-0.0", "'<a&b>'", "'  pad '"]
PATHS = ["d.x", "d['y']", "d.nothing", "missing", "range(4)", "range(1, 10, 3)", "c[0]", "c[-1]", "c[1:]", "u[1:4]", "u[::-1]", "b[9]", "l[:2]", "dl[0].n",
         "m.k.i[1].v", "dl.0.s", "p[0][1]", "d.items()", "set(c)", "dict(a=1)", "namespace(x=1).x", "c|map('string')", "b.upper", "(a if false)"]
FILTERS = ["list", "join", "join(',')", "join('-', attribute='s')", "length", "int", "int(5)", "int(base=16)", "string", "upper", "lower", "trim", "trim('t')", "sort", "sort(reverse=true)",
           "sort(attribute='n')", "sort(attribute='n,s')", "sort(case_sensitive=true)", "first", "last", "default('D')", "default('x', true)", "default", "d(1)", "replace('a','b')",
           "replace('t', 'T', 1)", "dictsort", "dictsort(by='value')", "dictsort(true)", "dictsort(reverse=true)", "tojson", "tojson(2)", "tojson(indent=1)", "unique|list", "unique(attribute='n')|list", "sum",
           "sum('n')", "sum(start=10)", "max", "min", "max(attribute='n')", "min(attribute='s')", "indent", "indent(2)", "indent(2, true)", "indent('>', blank=true)", "abs", "float", "float(1.5)", "round",
           "round(1)", "round(2, 'floor')", "round(0, 'ceil')", "round(-1)", "reverse|list", "reverse", "map('string')|list", "map('upper')|list", "map(attribute='n')|list", "map(attribute='q', default=0)|list", "map('default', 'x')|list",
           "map('int')|sum", "select|list", "reject|list", "select('odd')|list", "select('gt', 1)|list", "reject('none')|list", "selectattr('n')|list", "selectattr('n', 'eq', 2)|list", "rejectattr('s','eq','a')|list", "selectattr('n','gt',1)|list",
           "capitalize", "title", "batch(2)|list", "batch(2, 'x')|list", "groupby('n')|list", "groupby('s', case_sensitive=true)|list", "groupby('q', default='z')|map(attribute='grouper')|list", "urlencode", "e", "escape", "safe", "forceescape",
           "wordcount", "center(9)", "center", "truncate(5)", "truncate(9, true)", "truncate(12, false, '..', 0)", "truncate(length=7, leeway=2)", "format(1)", "format(1, 2)", "format(a=1)", "count", "items|list", "slice(2)|list", "slice(3, 'x')|list",
           "wordwrap(9)", "wordwrap(6, false)", "wordwrap(12, wrapstring='|')", "striptags", "filesizeformat", "filesizeformat(true)", "pprint", "xmlattr", "xmlattr(false)", "attr('x')", "attr('upper')()", "list|pprint",
           "tojson|length", "e|upper", "e ~ 'x<'", "map('e')|join", "safe|e", "string|list", "nosuch", "first|default('z')", "batch(3)|map('join')|join('/')", "list|tojson", "dictsort|tojson", "random|string|length|int * 0"]
METHODS = ["upper()", "lower()", "strip()", "strip('t ')", "lstrip()", "rstrip('xt')", "split()", "split(',')", "split(none, 1)", "split(maxsplit=1)", "rsplit('-',1)", "rsplit(maxsplit=1)", "items()|list", "keys()|list", "values()|list", "get('x')", "get('q', 5)", "startswith('t')",
           "startswith(('T', 'a'))", "endswith('t')", "endswith('t', 0, 2)", "replace('t','T')", "replace('', '.')", "replace('t', 'T', 1)", "count('t')", "count('')", "count('t', 1)", "join(['a','b'])", "join(l)", "append(1)", "pop()", "pop(0)", "pop('x')", "pop('q', 1)",
           "index(1)", "index('t')", "index('t', 1)", "copy()", "format(1, x=2)", "format('a', 'b')", "title()", "find('x')", "rfind('t')", "find('t', 2)", "find('t', 1, 3)", "splitlines()", "splitlines(true)", "zfill(6)", "rjust(5,'*')", "ljust(6)|length", "center(7)", "center(8, '\u00e9')",
           "isdigit()", "isalpha()", "isalnum()", "isspace()", "isupper()", "islower()", "istitle()", "isidentifier()", "isdecimal()", "isnumeric()", "isascii()", "isprintable()", "partition('-')", "rpartition(' ')", "capitalize()", "swapcase()", "casefold()", "expandtabs()", "expandtabs(3)", "removeprefix('t')", "removesuffix('t')",
           "encode()", "encode('ascii')", "encode('utf-8').decode()", "encode().hex()", "translate({116: 'T', 120: none})", "format_map({'x': 2})", "setdefault('x', 3)", "setdefault('new', 3)", "update(x=2)", "update({'y': 1})", "popitem()", "clear()", "extend([1])", "insert(0, 9)",
           "remove(1)", "reverse()", "sort()", "sort(reverse=true)", "union([9])", "difference([1])", "intersection([1, 2])", "issubset([1,2,3,4])", "add(4)", "discard(1)", "bit_length()", "is_integer()", "hex()", "real", "imag", "index", "x", "n", "__len__()", "__class__", "start", "stop", "step", "as_integer_ratio()"]
TESTS = ["defined", "none", "string", "number", "mapping", "sequence", "iterable", "even", "odd", "divisibleby(2)", "divisibleby 3", "in([1,2])", "in c", "true", "false", "boolean", "integer", "float", "undefined", "eq(1)", "eq 1", "==(1)", "ne(1)", "lt(2)", "le(2)", "gt(0)", "ge(0)",
         "equalto(1)", "lessthan(3)", "greaterthan 1", "lower", "upper", "callable", "sameas(none)", "sameas true", "escaped", "filter", "test", "nosuch"]
FUNCTIONS = ["len", "str", "repr", "list", "sorted", "int", "bool", "sum", "max", "min", "tuple", "abs", "float", "any", "all", "set", "dict", "enumerate", "reversed", "zip", "iter", "next", "chr", "ord", "hex", "oct", "bin", "round", "range", "callable", "frozenset", "divmod", "isinstance", "joiner", "cycler"]
SPECS = ["d", "5d", "-5d", "05d", "+d", " d", "x", "#x", "X", "o", "#o", "s", "10s", "-10s", ".2s", "10.3s", "r", "a", "c", "f", ".2f", "10.3f", "-10.1f", "+.0f", "e", ".3E", "g", ".3g", "G", "#g", "i", "u", "%", "ld", "*d", "#.3x", "08.3f", "+05d", ".5d"]
FORMATS = ["", "d", "5", "<5", ">5", "^5", "*^9", "=+6", "05", "+", " ", ",", "_", "x", "#x", "X", "#b", "o", "c", "n", "e", ".2e", "f", ".2f", "010.2f", ",.2f", "g", ".3g", "%", ".1%", "s", ".2s", "10s", "#o", "_x", "+,d", ".0f", "#.0f", "08,d", ".3", "^+9.1f", "\u00e9>6", "E", "G", "F", "_b", "=5", "<05", "z.1f", ",x"]


# What can be made of a value of each kind: (kind of the result, how it is written).
TYPED = {
    "int": ["a", "n", "big", "3", "0", "-1", "0x1f", "c[0]", "dl[0].n", "loops", "{int} + {int}", "{int} * {int}", "{int} - {int}", "{int} // 3", "{int} % 7", "{int} % -5", "-{int}", "{str}|length", "{list}|length", "{list}|sum", "{strs}|count", "{float}|int", "{float}|round|int",
            "{str}|wordcount", "{list}|max", "{list}|min", "len({str})", "int({float})", "max({int}, {int})", "min({list}, default=0)", "sum({list})", "{str}.count('t')", "{str}.find('e')", "{str}.rfind('o')", "{list}.count(1)", "abs({int})", "{int}|abs", "({int} if {bool} else {int})",
            "{str}|int(-1)", "'12'|int", "'0x1f'|int(0, 16)", "divmod({int}, 3)[0]", "divmod({int}, -3)[1]", "{int}.bit_length()", "round({float})", "hash_free", "ord('x')", "{list}|first|default(0)", "{dict}|length", "{list}|unique|list|length", "2 ** 10", "{bool} + 1"],
    "float": ["f", "2.5", "0.1", "1e20", "-0.0", "1.5e-7", "{int} / 3", "{float} * {int}", "{float} + {float}", "{float} - 1", "{int}|float", "{float}|round(1)", "{float}|round(2, 'floor')", "{int}|round(-1)", "{float}|abs", "float({int})", "round({float}, 2)", "{float} // 0.7", "{float} % 0.3", "'2.50'|float", "{float} ** 2", "{int} ** -1 if {int} else 1.0",
              "{float}|round(0, 'ceil')", "sum([{float}, {int}])", "1234.5678", "1e16", "123456789.125"],
    "bool": ["g", "true", "false", "{int} > {int}", "{int} == {float}", "{str} == {str}", "{str} in {str}", "{int} in {list}", "not {bool}", "{bool} and {bool}", "{bool} or {bool}", "{int} is even", "{int} is odd", "{int} is divisibleby 3", "{str} is lower", "{str} is upper", "{any} is defined", "{any} is none", "{any} is string", "{any} is mapping",
             "{any} is sequence", "{any} is number", "{any} is iterable", "{any} is boolean", "{any} is integer", "{any} is float", "{str}.startswith('t')", "{str}.endswith(('x', 'n'))", "{str}.isalpha()", "{str}.isupper()", "{str}.istitle()", "{str}.isspace()", "{list} == {list}", "{list} < {list}", "{any} is callable", "{str} < {str}", "any({list})", "all({list})", "isinstance({any}, str)", "isinstance({any}, (int, dict))",
             "1 < {int} < 5", "{int} is gt 2", "{int} is le(2)", "{any} is sameas none", "{any} is escaped", "'upper' is filter", "{str} is test", "{any} != {any}", "{str} is in {strs}", "{float} >= {int}"],
    "str": ["b", "u", "h", "t", "w", "q", "s", "'x,y,,z'", "'<a&b>'", "'  pad '", "'%s'", "'a' 'b'", "'\\u00e9\\n'", "{str} ~ {any2}", "{str} + {str}", "{str} * 2", "{str}|upper", "{str}|lower", "{str}|trim", "{str}|title", "{str}|capitalize", "{str}|replace('t', 'T')", "{str}|replace('', '-', 2)", "{str}|center(20)", "{str}|indent(2, true)", "{str}|indent('> ', blank=true)", "{str}|truncate(9)",
            "{str}|truncate(12, true, '..')", "{str}|truncate(7, leeway=0)", "{str}|wordwrap(9)", "{str}|wordwrap(5, false)", "{str}|wordwrap(11, wrapstring='|')", "{str}|wordwrap(7, true, none, false)", "{str}|urlencode", "{str}|e", "{str}|forceescape", "{str}|striptags", "{str}|reverse", "{str}|first|default('')", "{str}|list|join('.')", "{strs}|join", "{strs}|join(', ')", "{list}|join('-')", "', '.join({strs})",
            "{any2}|string", "{any2}|tojson", "{any2}|tojson(2)", "{any2}|pprint", "repr({any2})", "str({any2})", "{int}|filesizeformat", "{float}|filesizeformat(true)", "{dict}|xmlattr", "{dict}|urlencode", "'%s|%r' % ({any2}, {any2})", "'%5d|%-5d|%05d|%x' % ({int}, {int}, {int}, {int})", "'%8.3f|%e|%g|%.0f' % ({float}, {float}, {float}, {float})", "'%(x)s %(k)s' % {dictx}", "'%s' % {any2}", "'%-9s|%.2s|%9s' % ({str}, {str}, {str})",
            "'%{spec}' % {num}", "'{{:{fmt}}}'.format({num})", "format({num}, '{fmt}')", "format({str}, '{sfmt}')", "'{{0}} {{x!r}} {{1:>6}}'.format({any2}, {int}, x={str})", "'{{0[0]}} {{1[k]}} {{2.real}}'.format({list1}, {dictx}, {int})", "'{{:{{}}}}'.format({str}, 12)", "'{{}}{{{{}}}}'.format({any2})", "{str}[1:4]", "{str}[::-1]", "{str}[-3:]", "{str}[::2]", "{str}[5:1:-1]", "{str}.upper()", "{str}.title()", "{str}.swapcase()",
            "{str}.strip('t ')", "{str}.lstrip()", "{str}.rstrip('xt')", "{str}.zfill(9)", "{str}.rjust(9, '*')", "{str}.ljust(9, '.')", "{str}.center(9)", "{str}.center(10, '\u00e9')", "{str}.replace('e', 'E', 1)", "{str}.expandtabs(4)", "{str}.removeprefix('t')", "{str}.removesuffix('t')", "{str}.partition('e')[2]", "{str}.rpartition('o')[0]", "{str}.capitalize()", "{str}.split()|join('|')", "{str}.splitlines()|join('/')", "({str} if {bool} else {str})", "{any}|default('D', true)",
            "nothing|default({str})", "hex({int})", "bin({int})", "oct({int})", "chr(233)", "{str}.encode().decode()", "{str}.encode('utf-8').hex()", "{str}.translate({{116: 'T', 120: none, 101: 45}})", "{str}.translate(str.maketrans('te', 'ET', 'x'))", "({str}|e) ~ {str}", "({str}|e) + {str}", "('<%s>'|safe) % {str}", "({str}|e).upper()", "({str}|safe).join({strs})", "('<{{}}>'|safe).format({str})", "({str}|e)|replace('&', '+')", "{str}|format", "'%s-%s'|format({any2}, {int})",
            "({str}|e)|trim", "({str}|e)[:5]", "({str}|safe)|e", "({str}|e)|list|join", "repr({str}|e)", "({str}|e)|upper", "({str}|e)|truncate(5)", "{str}.format_map({dictx})|e", "{str}.join(['1', '2', '3'])", "{str}|e|length"],
    "list": ["c", "[1, 2, 3]", "[]", "range(5)|list", "[{int}, {int}]", "{list} + {list}", "{list}[1:]", "{list}[::-1]", "{list}|sort", "{list}|sort(reverse=true)", "{list}|reverse|list", "{list}|unique|list", "{list}|select('odd')|list", "{list}|reject('gt', 1)|list", "{list} * 2", "{list}|batch(2)|first|default([])", "dl|map(attribute='n')|list", "{strs}|map('length')|list", "sorted({list})", "sorted({list}, reverse=true)", "list(reversed({list}))",
             "list(range(1, 10, 4))", "range(10)[2:8:3]|list", "({list} if {bool} else {list})", "{dict}.values()|list|length|batch_free", "{str}.encode()|list", "list(map(abs, {list}))", "list(filter(none, {list}))", "set({list})|list", "{list}|map('int')|list", "{list}.copy()", "tuple({list})|list", "{list}|slice(2)|first|list", "{list}|sum|string|list|map('int', 0)|list", "{list}|map('string')|map('int')|list"],
    "strs": ["l", "['x', 'y', 'Z']", "{str}.split()", "{str}.split(',')", "{str}.split('e', 1)", "{str}.rsplit(none, 1)", "{str}.splitlines(true)", "{strs}|sort", "{strs}|sort(case_sensitive=true)", "{strs}|unique|list", "{strs}|map('upper')|list", "{strs}|map('replace', 'a', 'b')|list", "dl|map(attribute='s')|list", "{strs} + {strs}", "{strs}|reverse|list", "{strs}|select('ne', 'x')|list", "{list}|map('string')|list", "{str}|list", "sorted({strs}, key=len)",
             "{strs}|map('default', 'd')|list", "list({dictx})", "{strs}|map('center', 5)|list", "dl|selectattr('n', 'gt', 1)|map(attribute='s')|list", "dl|sort(attribute='s')|map(attribute='s')|list", "dl|sort(attribute='n,s')|map(attribute='s')|list", "{strs}|map('e')|list", "{strs}[1:]"],
    "dict": ["d", "{{}}", "{{'k': {int}}}", "{{'k': {str}, 'x': {any2}}}", "dict(a={int}, b={str})", "{{1: 2, 'x': {list}}}", "dict({dict}, z={int})", "{dict}.copy()", "m.k", "dict(zip({strs}, {list}))", "dl[0]", "dl|groupby('n')|map(attribute='grouper')|list|batch(2)|map('list')|list|length|dict_free", "{{}}.fromkeys({strs}, 1)", "dict.fromkeys('ab')"],
    "rest": ["{dict}|dictsort", "{dict}|items|list", "{dict}.items()|list", "{dict}|dictsort(by='value')|list", "dl|groupby('n')|list", "dl|groupby('s', case_sensitive=true)|list", "{list}|batch(2, 'x')|list", "{list}|slice(2)|list", "{list}|slice(3, 'x')|map('list')|list", "enumerate({strs})|list", "zip({list}, {strs})|list", "({int}, {str})", "({any2},)", "set({list})", "none", "e", "{str}.partition('e')", "divmod({int}, 4)", "{dict}.get('x')", "{dict}.get('q', {any2})", "{dict}.x", "d.y[0]", "m.k.i|map(attribute='v')|list",
             "frozenset({list})", "{dict}.keys()", "{dict}.values()", "{dict}.items()", "range({int} % 9)", "{str}.encode()", "{list}|first", "{strs}|last", "{strs}|max", "{strs}|min", "dl|max(attribute='n')", "dl|min(attribute='s')", "{dict}|first|default('none')", "{dict}|list", "dl|rejectattr('s', 'eq', 'a')|list", "dl|map(attribute='q', default='?')|list", "dl|unique(attribute='n')|list", "[{any2}, {any2}]", "{list}|tojson|length", "dl|sum(attribute='n')", "set({list}) - set(c)", "set({list}).union([7])", "{list}|map('float')|list"],
}
TYPED = {kind: [x for x in ways if "_free" not in x and "loops" not in x] for kind, ways in TYPED.items()}
SIMPLE = {"int": "3", "float": "f", "bool": "g", "str": "b", "list": "c", "strs": "l", "dict": "d", "rest": "none"}
PERCENTS = ["d", "5d", "-5d", "05d", "+d", " d", "s", "10s", ".2f", "10.3f", "-10.1f|", "+.0f", "e", ".3E", "g", ".3g", "G", "#g", "i", "r", "08.3f", "+05d", ".5d", "a", "#.0f", "%"]
NUMBERS = ["", "5", "<5", ">5", "^5", "*^9", "=+6", "05", "+", " ", ",", "_", "e", ".2e", "f", ".2f", "010.2f", ",.2f", "g", ".3g", "%", ".1%", "+,.3f", ".0f", "#.0f", "012,", "^+9.1f", "\u00e9>6", "E", "G", "F", "=9", "<05", "08.1f", "n", "z.1f", "012,.1f", "_.2f", ".0e", "#g"]


class Make:
    def __init__(self, rng):
        self.r = rng
        self.local = []  # names that statements around have set

    def pick(self, *lists):
        return self.r.choice(self.r.choice(lists))

    def name(self):
        return self.r.choice(["v", "i", "x", "a", "b", "c", "y"])

    def atom(self):
        r = self.r.random()
        if r < 0.35:
            return self.r.choice(NAMES)
        if r < 0.45:
            return self.name()
        return self.pick(LITERALS, PATHS)

    def expr(self, depth=0):
        r = self.r
        if depth < 2 and r.random() < 0.75:
            return self.typed("any", 1 if depth else 0)
        if depth > 2 or r.random() < 0.25:
            return self.atom()
        e = lambda: self.expr(depth + 1)  # noqa: E731
        k = r.randrange(20)
        if k == 0:
            return "(%s %s %s)" % (e(), r.choice(["+", "-", "*", "/", "//", "%", "~", "**"] if depth else ["+", "~", "%", "*", "-", "//"]), e())
        if k == 1:
            return "(%s %s %s)" % (e(), r.choice(["==", "!=", "<", "<=", ">", ">=", "in", "not in"]), e())
        if k == 2:
            return "(%s %s %s)" % (e(), r.choice(["and", "or"]), e())
        if k == 3:
            return r.choice(["(not %s)", "-%s", "+%s", "(%s if g)", "(%s if h)"]) % e()
        if k == 4:
            return "(%s if %s else %s)" % (e(), e(), e())
        if k in (5, 6, 7, 8):
            return "(%s|%s)" % (e(), r.choice(FILTERS))
        if k in (9, 10, 11):
            return "%s.%s" % (e(), r.choice(METHODS))
        if k == 12:
            return "%s(%s)" % (r.choice(FUNCTIONS), ", ".join(e() for _ in range(r.choice([1, 1, 1, 2, 0]))))
        if k == 13:
            return "(%s is %s%s)" % (e(), r.choice(["", "not "]), r.choice(TESTS))
        if k == 14:
            return "(%s)[%s]" % (e(), r.choice(["0", "-1", "'x'", "1:", ":2", "::2", "-2:", "5", ":-1", "::-1", "1:9:2", "-1:0:-1", "a", "e:2", "'n'", "1.0", "none", ":", "-9:9"]))
        if k == 15:
            return "'%s' %% %s" % (r.choice(["%", "a%", "%%%", "%(x)", "%(k)"]) + r.choice(SPECS), e() if r.random() < 0.6 else "(%s, %s)" % (e(), e()))
        if k == 16:
            return r.choice(["'{:%s}'.format(%s)", "format(%s, '%s')", "'{0:%s}{0!s}'.format(%s)", "'{x:%s}'.format(x=%s)"]).replace("%s", "\0", 2).replace("\0", "%s") % (
                (r.choice(FORMATS), e())) if r.random() < 0.7 else "format(%s, '%s')" % (e(), r.choice(FORMATS))
        if k == 17:
            return r.choice(["[%s, %s]", "(%s, %s)", "{'k': %s, 'j': %s}", "{%s: %s}", "dict(a=%s, b=%s)", "(%s ~ %s)", "%s == %s == 1", "1 < %s < %s"]) % (e(), e())
        if k == 18:
            return "%s.%s.%s" % (self.r.choice(["b", "u", "t", "w", "q", "s"]), r.choice(METHODS[:12]), r.choice(METHODS))
        return r.choice(["(%s|%s|%s)" % (e(), r.choice(FILTERS), r.choice(FILTERS)), "m.k.i|map(attribute='v')|list", "(%s|e) %s %s" % (e(), r.choice(["+", "%", "~", "*", "=="]), e()), "dl|map(attribute='s')|%s" % r.choice(FILTERS)])

    def typed(self, kind, depth=0):
        """An expression that gives a value of this kind, most of the time."""
        if kind == "any":
            kind = self.r.choice(["int", "float", "bool", "str", "list", "strs", "dict", "rest"])
        if kind == "any2":
            kind = self.r.choice(["int", "float", "bool", "str", "list", "strs", "dict"])
        if kind == "num":
            kind = self.r.choice(["int", "float"])
        if kind == "list1":
            return "[7, 8]"
        if kind == "dictx":
            return "{'x': %s, 'k': %s}" % (self.typed("any2", depth + 1), self.typed("int", depth + 1))
        if kind == "fmt":
            return self.r.choice(NUMBERS)
        if kind == "sfmt":
            return self.r.choice(["", "9", "<9", ">9", "^9", "*^9", ".2", "9.2", "s", "05", "\u00e9^12.4s", "-<9"])
        if kind == "spec":
            return self.r.choice(PERCENTS)
        if depth > 3:
            return SIMPLE[kind]
        way = self.r.choice(TYPED[kind] if depth < 3 else TYPED[kind][:8])
        out = re.sub(r"\{\{|\}\}|\{(\w+)\}", lambda m: self.typed(m[1], depth + 1) if m[1] else m[0][0], way)
        return out if re.fullmatch(r"[\w.']+", out) or kind == "spec" else "(%s)" % out

    def mark(self):
        return self.r.choice(["", "", "", "-", "-", "+"])

    def tag(self, inside):
        return "{%%%s %s %s%%}" % (self.mark(), inside, self.mark())

    def loop_expr(self):
        return self.r.choice(["loop.index", "loop.index0", "loop.first", "loop.last", "loop.revindex", "loop.length", "loop.cycle('x', 'y')", "loop.changed(i)", "loop.previtem", "loop.nextitem|default('end')", "loop.depth", "loop.revindex0", "loop.nothing", "loop.depth0", "loop"])

    def statement(self, depth=0):
        r = self.r
        e = lambda: self.expr(1)  # noqa: E731
        s = lambda: self.body(depth + 1) if depth < 3 else "."  # noqa: E731
        v = self.name()
        k = r.randrange(26)
        if k <= 3:
            return "{{%s %s %s}}" % (r.choice(["", "-", "+"]), self.expr(), r.choice(["", "-"]))
        if k == 4:
            return "{{ %s|default('?') }}" % v
        if k == 5:
            return self.tag("if " + e()) + s() + r.choice(["", self.tag("elif " + e()) + s()]) + r.choice(["", self.tag("else") + s()]) + self.tag("endif")
        if k in (6, 7, 8):
            target = r.choice(["i", "i", "i", "i, x", "(i, x)", v])
            over = {"i, x": r.choice(["d.items()", "p", "c|batch(2)", "d|dictsort"]), "(i, x)": "p"}.get(target, r.choice(["c", "l", "range(3)", "dl", "d", "[]", "c|map('string')", "b", e()]))
            body = s() + "{{ %s }}" % r.choice([self.loop_expr(), self.loop_expr(), "i", "v", "i ~ loop.index"]) + s()
            if r.random() < 0.2:
                body += self.tag(r.choice(["break", "continue"])) if r.random() < 0.3 else self.tag("if %s" % r.choice(["loop.first", "loop.index > 1", e()])) + r.choice(["{% break %}", "{% continue %}"]) + "{% endif %}" + s()
            return self.tag("for %s in %s%s" % (target, over, r.choice(["", "", "", " if i", " if loop is defined", " if " + e()]))) + body + r.choice(["", "", self.tag("else") + s()]) + self.tag("endfor")
        if k in (9, 10, 11):
            return self.tag("set %s = %s" % (r.choice([v, v, v, "v, x", "ns.q"]), r.choice([e(), "1", "v|default(0)", "namespace(q=1)", "(1, 2)", "i|default('I')"]))) + r.choice(["", "{{ %s }}" % v])
        if k == 12:
            return self.tag("set %s%s" % (v, r.choice(["", " | upper", "|trim|length", " | replace('e', 'E')"]))) + s() + self.tag("endset") + r.choice(["", "{{ %s }}" % v])
        if k in (13, 14):
            name = r.choice(["m1", "m2"])
            params = r.choice(["", "p", "p, q=2", "p=v, q=p", "p, q=" + e(), "v", "i=1, v=i", "caller=none"])
            body = s() + r.choice(["{{ p }}", "{{ p|default }}{{ q|default }}", "{{ varargs }}", "{{ kwargs }}", "{{ kwargs.z }}{{ varargs|length }}", "{{ caller() }}", "{{ caller is defined }}", "{{ v|default('V') }}", "{{ caller(1, 2) if caller is defined }}"]) + r.choice(["", s()])
            call = r.choice(["{{ %s() }}", "{{ %s(1) }}", "{{ %s(1, 2) }}", "{{ %s(p=1) }}", "{{ %s(1, 2, 3, z=4) }}", "{{ %s(*c) }}", "{{ %s(**{'p': 1}) }}", "{%% call %s(1) %%}inner{%% endcall %%}", "{%% call(y, x=1) %s() %%}{{ y }}{{ v|default('-') }}{%% endcall %%}",
                             "{%% call %s() %%}{{ caller is defined }}{%% endcall %%}", "{{ %s }}", "{{ %s.name }}{{ %s.arguments }}{{ %s.catch_kwargs }}{{ %s.catch_varargs }}{{ %s.caller }}"])
            call = call % ((name,) * call.count("%s"))
            return self.tag("macro %s(%s)" % (name, params)) + body + self.tag(r.choice(["endmacro", "endmacro " + name])) + r.choice(["", s()]) + call
        if k == 15:
            return r.choice(["{#%s c %s#}", "{#%s {{ nothing %s#}"]) % (r.choice(["", "-", "+"]), r.choice(["", "-", "+"]))
        if k == 16:
            return self.tag(r.choice(["with %s = %s" % (v, e()), "with", "with v=1, x=v", "with %s = %s, y = %s" % (v, e(), v)])) + s() + "{{ %s|default('w') }}" % v + self.tag("endwith")
        if k == 17:
            return self.tag("filter " + r.choice(["upper", "trim", "indent(2)", "replace('e', v|default('_'))", "upper|lower", "e", "wordcount", "center(20)"])) + s() + self.tag("endfilter")
        if k == 18:
            return "{%%%s raw %s%%} {{ x }} {%% if %%} {%%%s endraw %s%%}" % (r.choice(["", "-"]), r.choice(["", "-"]), self.mark(), self.mark())
        if k == 19:
            return r.choice(["{%% import 'lib' as v%s %%}{{ v.mm(1) }}{{ v.k }}{{ v }}", "{%% from 'lib' import mm, k as x%s %%}{{ mm(1, 2, 3) }}{{ x }}", "{%% from 'lib' import nothing%s %%}", "{%% from 'lib' import with_caller as y%s %%}{%% call(z) y() %%}{{ z }}{{ v|default('.') }}{%% endcall %%}",
                             "{%% import 'lib' as y%s %%}{{ y._hidden is defined }}", "{%% import 'nolib' as y%s %%}"]) % r.choice(["", " with context", " without context"])
        if k == 20:
            return self.tag("include " + r.choice(["'part'", "'part' without context", "'part' with context", "['nolib', 'part']", "'nolib' ignore missing", "'nolib'", "'bad'", "'part' ignore missing without context", "b ~ ''", "'lib'", "['nolib', 'part'] ignore missing with context"]))
        if k == 21:
            return self.tag("block %s%s" % (v, r.choice(["", " scoped"]))) + s() + self.tag(r.choice(["endblock", "endblock " + v]))
        if k == 22:
            return self.tag("do " + r.choice(["c.append(4)", "d.update(x=5)", "d.pop('z')", e(), "l.sort()", "c.insert(0, i)", "ns.q.append(1)"]))
        if k == 23:
            return "{% for i in p recursive %}{{ i if i is not sequence or i is string else loop(i) }}" + s() + "{{ loop.depth }}{% endfor %}"
        if k == 24:
            return "{% set ns = namespace(q=[], z=0) %}{% for i in c %}{% set ns.z = ns.z + i %}" + s() + "{% endfor %}{{ ns.z }}{{ ns.q }}"
        return "{% print " + e() + r.choice(["", ", " + self.atom()]) + " %}"

    def body(self, depth=0):
        text = ["x", " \n ", "text\n", "  ", "\n", "\n\n\t", "\u00e9 ", "}", "{ ", "%}", ""]
        return "".join(self.r.choice(text) + self.statement(depth) for _ in range(self.r.randrange(1, 4))) + self.r.choice(text)

    def template(self, i):
        kind = i % 4
        if kind == 0:
            return "{{ %s }}" % self.expr()
        if kind == 3:
            return " ".join("{{ %s }}" % self.typed("any") for _ in range(3))
        if kind == 1:
            return self.body(2)
        return self.body()


# ---- comparing ----

class Report:
    def __init__(self, strict):
        self.counts = {"same": 0, "refused by both": 0}
        self.different = 0
        self.strict = strict

    def add(self, text, want, got):
        if isinstance(want, str) and got == want:
            return self.count("same")
        if isinstance(want, Exception) and isinstance(got, Exception) and not isinstance(got, SystemError):
            return self.count("refused by both")
        why = known(text, want, got)
        if why and not (self.strict and why == "not there"):
            return self.count(why)
        self.different += 1
        if self.different <= 25:
            print("---- %r\n  want %r\n  got  %r" % (text, want, got if isinstance(got, str) else str(got)))

    def count(self, what):
        self.counts[what] = self.counts.get(what, 0) + 1

    def finish(self):
        print(", ".join("%s %d" % c for c in self.counts.items()) + ", different %d" % self.different)
        return 1 if self.different else 0


def compare(jobs, report):
    """jobs: (text, context as text, ours). While one renders, so does the other."""
    for text, context, ours in jobs:
        ours.send(text)
        want = theirs(text, json.loads(context))
        got = ours.receive()
        if want is None:
            report.count("endless")
        else:
            report.add(text, want, got)


def random_jobs(count, seed, ours):
    make = Make(random.Random(seed))
    context = json.dumps(CONTEXT)
    for i in range(count):
        yield make.template(i), context, ours


def corpus_jobs(directory, temporary):
    for name in sorted(os.listdir(directory)):
        if name.endswith(".inc"):
            with open(os.path.join(directory, name)) as f:
                FILES[name[:-4]] = f.read()
    for name in sorted(os.listdir(directory)):
        if not name.endswith(".j2"):
            continue
        context = "{}"
        path = os.path.join(directory, name[:-3] + ".json")
        if os.path.exists(path):
            with open(path) as f:
                context = f.read()
        own = os.path.join(temporary, name)
        os.mkdir(own)
        with open(os.path.join(directory, name), newline="") as f:
            yield f.read(), context, Ours(own, json.loads(context), FILES)


def main():
    arguments = [x for x in sys.argv[1:] if x != "--strict"]
    report = Report("--strict" in sys.argv)
    with tempfile.TemporaryDirectory() as directory:
        if len(arguments) == 3 and arguments[0] == "random":
            compare(random_jobs(int(arguments[1]), int(arguments[2]), Ours(directory, CONTEXT, FILES)), report)
        elif len(arguments) == 2 and arguments[0] == "corpus":
            compare(corpus_jobs(arguments[1], directory), report)
        elif len(arguments) == 2 and arguments[0] == "one":
            want, got = theirs(arguments[1], json.loads(json.dumps(CONTEXT))), Ours(directory, CONTEXT, FILES).render(arguments[1])
            print("want %r\ngot  %s" % (want, repr(got) if isinstance(got, str) else got))
            report.add(arguments[1], want, got)
        else:
            sys.exit(__doc__)
    sys.exit(report.finish())


if __name__ == "__main__":
    main()
