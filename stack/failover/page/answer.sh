# shellcheck shell=sh
# SPDX-License-Identifier: Apache-2.0
# What goes back to the browser; sourced by takeover.cgi. A page is made as a whole before the first byte of it is written.
# shellcheck disable=SC2154 # globals are those of takeover.cgi

# Prints the status $1 and the headers of a page; $2...: more of them.
# No script runs, nothing is fetched, nothing is kept, and nobody puts the page into one of his.
headers() {
    case $1 in
    200) _words=OK ;;
    303) _words='See Other' ;;
    400) _words='Bad Request' ;;
    403) _words=Forbidden ;;
    405) _words='Method Not Allowed' ;;
    409) _words=Conflict ;;
    411) _words='Length Required' ;;
    413) _words='Content Too Large' ;;
    415) _words='Unsupported Media Type' ;;
    429) _words='Too Many Requests' ;;
    503) _words='Service Unavailable' ;;
    *) _words='Internal Server Error' ;;
    esac
    # Status comes first: busybox httpd looks for it only there.
    printf 'Status: %s %s\r\n' "$1" "$_words"
    shift
    [ $# -eq 0 ] || printf '%s\r\n' "$@"
    printf '%s\r\n' 'Content-Type: text/html; charset=utf-8' 'Cache-Control: no-store' \
        "Content-Security-Policy: default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'" \
        'X-Frame-Options: DENY' 'X-Content-Type-Options: nosniff' 'Referrer-Policy: no-referrer' ''
}

# Prints the text on standard input so that it is only text in a page.
# Lines stay; bytes that are no text of UTF-8, control characters, and what turns the writing round do not.
escape() {
    jq -R -r -L "$here/../status" 'include "words"; clean(400) | @html'
}

# Prints the beginning of a page with the title $1, which is text of ours, and the class $2 of page.css; $3: more for its head.
# What is in it follows, then page_end.
page_begin() {
    printf '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">\n'
    printf '<meta name="robots" content="noindex">%s<title>%s</title>\n<style>' "${3-}" "$1"
    cat -- "$here/../status/page.css" "$here/page/form.css" || :
    printf '</style></head><body class="takeover">\n<header class="%s"><h1>%s</h1></header>\n' "$2" "$1"
}

# Prints the end of a page.
# The link leads to the page itself.
page_end() {
    printf '<footer><p><a href="?">The page of the takeover</a> &middot; <a href="?progress">the takeover that was started last</a></p></footer></body></html>\n'
}

# Returns if the file $1 can be appended to, and refuses all if not.
# exec itself would end the shell, without an answer.
can_write() {
    true 2>/dev/null >>"$1" || refuse 503 'var/run cannot be written. Run bin/takeover by hand.'
}

# Answers with the status $1 and the reason $2, text of ours, and ends.
# $3: headers more; $4: a file with html that follows.
refuse() {
    case $1 in
    405) headers 405 'Allow: GET, POST' ;;
    *) headers "$1" ${3:+"$3"} ;;
    esac
    page_begin 'Nothing was done' bad
    # shellcheck disable=SC2016 # html
    printf '<ul class="troubles"><li class="bad"><span class="s">%s</span> %s</li></ul>\n' "$1" "$2"
    [ -z "${4-}" ] || cat -- "$4"
    page_end
    exit 0
}
