# shellcheck shell=sh
# SPDX-License-Identifier: Apache-2.0
# Reads the form of a request; sourced by takeover.cgi.
# Globals: password and token, what was in it.
# shellcheck disable=SC2154,SC2034 # globals are those of takeover.cgi
# shellcheck disable=SC2015 # A && B || C: what C is for is that A or B is not so

form_limit=4096 # bytes; the names, a token of 64, and a password of which each byte may have become three

# Reads what is left of the body, as far as that is little, for the answer not to be lost with the connection.
# Returns 0.
drain() {
    timeout 5 head -c 1048576 >/dev/null 2>&1 || :
}

# Prints the values of password and token, each on its line, of the form on standard input.
# Fails if it is no such form: an escape or a name is wrong, one is missing or there twice, a value has a control character.
decode() {
    # shellcheck disable=SC2016 # awk expands these
    awk '
        function wrong() { failed = 1; exit 1 }
        function digit(c) { return index("0123456789abcdef", tolower(c)) - 1 }
        function decoded(text,   out, i, c, high, low) {
            out = ""
            for (i = 1; i <= length(text); i++) {
                c = substr(text, i, 1)
                if (c == "+") c = " "
                else if (c == "%") {
                    if (i + 2 > length(text)) wrong()
                    high = digit(substr(text, i + 1, 1)); low = digit(substr(text, i + 2, 1))
                    if (high < 0 || low < 0 || high < 2 || (high == 7 && low == 15)) wrong()
                    c = sprintf("%c", high * 16 + low)
                    i += 2
                }
                out = out c
            }
            return out
        }
        NR > 1 { wrong() }
        {
            count = split($0, pair, "&")
            for (n = 1; n <= count; n++) {
                if (!(equal = index(pair[n], "="))) wrong()
                name = decoded(substr(pair[n], 1, equal - 1))
                if ((name != "password" && name != "token") || name in value) wrong()
                value[name] = decoded(substr(pair[n], equal + 1))
            }
        }
        END {
            if (failed || !("password" in value) || !("token" in value)) exit 1
            print value["password"]
            print value["token"]
        }'
}

# Sets password and token to those of the body; token has the form of one.
# Refuses what is no such form, or too long.
read_form() {
    case $type in
    application/x-www-form-urlencoded | application/x-www-form-urlencoded\;*) ;;
    *) drain && refuse 415 'A form of a browser is wanted: application/x-www-form-urlencoded.' ;;
    esac
    case $length in
    '') refuse 411 'The length of the body is not said.' ;;
    *[!0-9]* | 0?*) refuse 400 'The length of the body is no number.' ;;
    esac
    # Longer ones would be more than the arithmetic of a shell.
    [ "${#length}" -le 9 ] && [ "$length" -le "$form_limit" ] || { drain && refuse 413 "The body is longer than $form_limit bytes."; }
    # The dot keeps what would be cut off at the end. A byte 0 is lost on the way, and so the length is wrong then.
    body=$(timeout 10 head -c "$length" && printf .) || refuse 400 'The body did not come.'
    body=${body%.}
    [ "${#body}" -eq "$length" ] || refuse 400 'The body is shorter than was said, or holds a byte 0.'
    case $body in
    *[!\!-~]*) refuse 400 'The body holds a byte that a form would have escaped.' ;;
    esac
    body=$(printf '%s\n' "$body" | decode) || refuse 400 'The body is not the form of this page.'
    password=${body%%"
"*}
    token=${body#*"
"}
    body=''
    case $token in
    *[!0-9a-f]*) refuse 400 'The body is not the form of this page.' ;;
    esac
    [ "${#token}" -eq 64 ] || refuse 400 'The body is not the form of this page.'
}
