// SPDX-License-Identifier: Apache-2.0
#include "template/syntax/expression_parser.hpp"

#include <algorithm>
#include <charconv>

#include "base/text.hpp"

namespace rs::tmpl {

bool ExpressionParser::reserved(std::string_view name) {
    return name == "true" || name == "false" || name == "none" || name == "True" ||
           name == "False" || name == "None";
}

std::string ExpressionParser::assigned_name() {
    const Token t = now();
    std::string name = expect_name("a name");
    if (reserved(name)) bad(t.at, cat("'", name, "' cannot be assigned to"));
    return name;
}

NodePtr ExpressionParser::target(const std::vector<std::string_view>& ends, bool with_space) {
    const std::size_t at = now().at;
    if (with_space && now().is(Type::name) && after().op(".")) {
        NodePtr n = make(Kind::attribute, at, name_node());
        take();
        n->text = expect_name("the name of an attribute");
        return n;
    }
    NodePtr n = tuple_of([this] { return primary(); }, ends, false);
    check_target(*n);
    return n;
}

void ExpressionParser::check_target(const Node& n) const {
    if (n.kind == Kind::tuple || n.kind == Kind::list) {
        for (const NodePtr& k : n.kids) check_target(*k);
        if (n.kind == Kind::tuple) return;
    }
    if (n.kind != Kind::name) bad(n.at, "cannot be assigned to");
}

NodePtr ExpressionParser::name_node() {
    const Token t = take();
    if (reserved(t.value)) bad(t.at, cat("'", t.value, "' cannot be assigned to"));
    NodePtr n = make(Kind::name, t.at);
    n->text = t.value;
    return n;
}

NodePtr ExpressionParser::expression(bool with_choice) {
    const Deeper guard(*this, now().at);
    return with_choice ? choice() : either();
}

NodePtr ExpressionParser::choice() {
    const Deeper guard(*this, now().at);
    NodePtr n = either();
    while (now().name("if")) {
        const std::size_t at = take().at;
        NodePtr c = make(Kind::choice, at);
        add(*c, std::move(n));
        add(*c, either());
        add(*c, skip_name("else") ? choice() : nullptr);
        n = std::move(c);
    }
    return n;
}

NodePtr ExpressionParser::either() {
    NodePtr n = both();
    while (now().name("or")) {
        const std::size_t at = take().at;
        n = make(Kind::either, at, std::move(n), both());
    }
    return n;
}

NodePtr ExpressionParser::both() {
    NodePtr n = inverted();
    while (now().name("and")) {
        const std::size_t at = take().at;
        n = make(Kind::both, at, std::move(n), inverted());
    }
    return n;
}

NodePtr ExpressionParser::inverted() {
    if (!now().name("not")) return comparison();
    const Deeper guard(*this, now().at);
    const std::size_t at = take().at;
    return make(Kind::invert, at, inverted());
}

NodePtr ExpressionParser::comparison() {
    NodePtr first = sum();
    NodePtr n;
    for (;;) {
        std::string op;
        for (const std::string_view o : {"==", "!=", "<", "<=", ">", ">="})
            if (now().op(o)) op = o;
        if (now().name("in")) op = "in";
        const bool not_in = now().name("not") && after().name("in");
        if (not_in) op = "not in";
        if (op.empty()) return n ? std::move(n) : std::move(first);
        const std::size_t at = take().at;
        if (not_in) take();
        if (!n) n = make(Kind::compare, at, std::move(first));
        n->names.push_back(op);
        n->kids.push_back(sum());
    }
}

template <class Inner>
NodePtr ExpressionParser::binary(std::initializer_list<std::string_view> ops, Inner&& inner) {
    NodePtr n = inner();
    for (;;) {
        const auto op =
            std::find_if(ops.begin(), ops.end(), [&](std::string_view o) { return now().op(o); });
        if (op == ops.end()) return n;
        const Token t = take();
        NodePtr b = make(Kind::binary, t.at, std::move(n), inner());
        b->text = t.value;
        n = std::move(b);
    }
}

NodePtr ExpressionParser::sum() {
    return binary({"+", "-"}, [this] { return concat(); });
}

NodePtr ExpressionParser::concat() {
    NodePtr first = product();
    if (!now().op("~")) return first;
    NodePtr n = make(Kind::concat, now().at, std::move(first));
    while (skip("~")) n->kids.push_back(product());
    return n;
}

NodePtr ExpressionParser::product() {
    return binary({"*", "/", "//", "%"}, [this] { return power(); });
}

NodePtr ExpressionParser::power() {
    return binary({"**"}, [this] { return unary(true); });
}

NodePtr ExpressionParser::unary(bool with_filter) {
    const Deeper guard(*this, now().at);
    const std::size_t at = now().at;
    NodePtr n;
    if (skip("-"))
        n = make(Kind::negate, at, unary(false));
    else if (skip("+"))
        n = make(Kind::positive, at, unary(false));
    else
        n = primary();
    n = postfix(std::move(n));
    return with_filter ? filter_expression(std::move(n)) : std::move(n);
}

NodePtr ExpressionParser::primary() {
    const Deeper guard(*this, now().at);
    const Token t = now();
    if (t.is(Type::name)) {
        take();
        if (t.value == "true" || t.value == "True" || t.value == "false" || t.value == "False") {
            NodePtr n = make(Kind::boolean, t.at);
            n->flag = t.value == "true" || t.value == "True";
            return n;
        }
        if (t.value == "none" || t.value == "None") return make(Kind::none, t.at);
        NodePtr n = make(Kind::name, t.at);
        n->text = t.value;
        return n;
    }
    if (t.is(Type::text)) {
        NodePtr n = make(Kind::text, t.at);
        while (now().is(Type::text)) n->text += take().value;
        return n;
    }
    if (t.is(Type::integer) || t.is(Type::real)) {
        take();
        NodePtr n = make(t.is(Type::integer) ? Kind::integer : Kind::real, t.at);
        n->text = t.value;
        if (t.is(Type::real))
            std::from_chars(t.value.data(), t.value.data() + t.value.size(), n->real);
        return n;
    }
    if (skip("(")) {
        NodePtr n = tuple_of([this] { return expression(); }, {}, true);
        expect(")");
        return n;
    }
    if (skip("[")) {
        NodePtr n = make(Kind::list, t.at);
        while (!now().op("]")) {
            if (!n->kids.empty()) {
                expect(",");
                if (now().op("]")) break;
            }
            n->kids.push_back(expression());
        }
        expect("]");
        return n;
    }
    if (skip("{")) {
        NodePtr n = make(Kind::dict, t.at);
        while (!now().op("}")) {
            if (!n->kids.empty()) {
                expect(",");
                if (now().op("}")) break;
            }
            n->kids.push_back(expression());
            expect(":");
            n->kids.push_back(expression());
        }
        expect("}");
        return n;
    }
    unexpected("an expression");
}

NodePtr ExpressionParser::tuple(bool with_choice, const std::vector<std::string_view>& ends) {
    return tuple_of([this, with_choice] { return expression(with_choice); }, ends, false);
}

NodePtr ExpressionParser::tuple_of(const std::function<NodePtr()>& inner,
                                   const std::vector<std::string_view>& ends, bool in_brackets) {
    const std::size_t at = now().at;
    Body items;
    bool many = false;
    for (;;) {
        if (!items.empty()) expect(",");
        const Token& t = now();
        if (t.is(Type::variable_end) || t.is(Type::block_end) || t.op(")")) break;
        if (t.is(Type::name) && std::find(ends.begin(), ends.end(), t.value) != ends.end()) break;
        items.push_back(inner());
        if (!now().op(",")) break;
        many = true;
    }
    if (!many) {
        if (!items.empty()) return std::move(items[0]);
        if (!in_brackets) unexpected("an expression");
    }
    NodePtr n = make(Kind::tuple, at);
    n->kids = std::move(items);
    return n;
}

NodePtr ExpressionParser::postfix(NodePtr n) {
    for (;;) {
        if (now().op(".") || now().op("["))
            n = subscript(std::move(n));
        else if (now().op("("))
            n = call(std::move(n));
        else
            return n;
    }
}

NodePtr ExpressionParser::subscript(NodePtr n) {
    const Token t = take();
    if (t.op(".")) {
        const Token what = take();
        if (what.is(Type::name)) {
            NodePtr a = make(Kind::attribute, what.at, std::move(n));
            a->text = what.value;
            return a;
        }
        if (!what.is(Type::integer))
            bad(what.at, cat("unexpected ", shown(what), ", expected a name or a number"));
        NodePtr index = make(Kind::integer, what.at);
        index->text = what.value;
        return make(Kind::item, what.at, std::move(n), std::move(index));
    }
    Body args;
    const std::size_t at = now().at;
    while (!now().op("]")) {
        if (!args.empty()) expect(",");
        args.push_back(subscribed());
    }
    expect("]");
    if (args.empty()) bad(at, "expected an expression between [ and ]");
    if (args.size() == 1) return make(Kind::item, t.at, std::move(n), std::move(args[0]));
    NodePtr index = make(Kind::tuple, at);
    index->kids = std::move(args);
    return make(Kind::item, t.at, std::move(n), std::move(index));
}

NodePtr ExpressionParser::subscribed() {
    const std::size_t at = now().at;
    Body parts(3);
    if (!now().op(":")) {
        NodePtr first = expression();
        if (!now().op(":")) return first;
        parts[0] = std::move(first);
    }
    for (std::size_t i = 1; i < 3 && skip(":"); ++i)
        if (!now().op(":") && !now().op("]") && !now().op(",")) parts[i] = expression();
    NodePtr n = make(Kind::slice, at);
    n->kids = std::move(parts);
    return n;
}

void ExpressionParser::arguments(Arguments& out) {
    expect("(");
    bool first = true;
    while (!now().op(")")) {
        if (!first) {
            expect(",");
            if (now().op(")")) break;
        }
        first = false;
        const std::size_t at = now().at;
        if (skip("**")) {
            if (out.star_star) bad(at, "** is there twice");
            out.star_star = expression();
        } else if (skip("*")) {
            if (out.star || out.star_star) bad(at, "* comes too late");
            out.star = expression();
        } else if (now().is(Type::name) && after().op("=")) {
            if (out.star_star) bad(at, "a named argument behind **");
            std::string name = take().value;
            take();
            for (const auto& [known, value] : out.named)
                if (known == name) bad(at, cat("the argument ", name, " is there twice"));
            out.named.emplace_back(std::move(name), expression());
        } else {
            if (out.star || out.star_star || !out.named.empty())
                bad(at, "an argument without a name behind named ones");
            out.positional.push_back(expression());
        }
    }
    expect(")");
}

NodePtr ExpressionParser::call(NodePtr n) {
    NodePtr c = make(Kind::call, now().at, std::move(n));
    arguments(c->arguments);
    return c;
}

NodePtr ExpressionParser::filter_expression(NodePtr n) {
    for (;;) {
        if (now().op("|"))
            n = filters(std::move(n));
        else if (now().name("is"))
            n = test(std::move(n));
        else if (now().op("("))
            n = call(std::move(n)); // of what a filter or a test gave
        else
            return n;
    }
}

std::string ExpressionParser::dotted_name(std::string_view what) {
    std::string name = expect_name(what);
    while (skip(".")) name += "." + expect_name(what);
    return name;
}

NodePtr ExpressionParser::filters(NodePtr n, bool start_inline) {
    while (now().op("|") || start_inline) {
        if (!start_inline) take();
        start_inline = false;
        NodePtr f = make(Kind::filter, now().at);
        f->text = dotted_name("the name of a filter");
        add(*f, std::move(n));
        if (now().op("(")) arguments(f->arguments);
        n = std::move(f);
    }
    return n;
}

NodePtr ExpressionParser::test(NodePtr n) {
    take();
    const bool inverted = skip_name("not");
    NodePtr t = make(Kind::test, now().at);
    t->text = dotted_name("the name of a test");
    add(*t, std::move(n));
    const Token& a = now();
    if (a.op("(")) {
        arguments(t->arguments);
    } else if ((a.is(Type::name) && a.value != "else" && a.value != "or" && a.value != "and") ||
               a.is(Type::text) || a.is(Type::integer) || a.is(Type::real) || a.op("[") ||
               a.op("{")) {
        if (a.name("is")) bad(a.at, "several tests one after another: put the first in brackets");
        t->arguments.positional.push_back(postfix(primary()));
    }
    const std::size_t at = t->at;
    return inverted ? make(Kind::invert, at, std::move(t)) : std::move(t);
}

} // namespace rs::tmpl
