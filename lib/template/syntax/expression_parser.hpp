// SPDX-License-Identifier: Apache-2.0
// For the parser alone: tokens one after another, and expressions made of them. Statements stand on it (parser.cpp).
#pragma once

#include <algorithm>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/text.hpp"
#include "template/syntax/ast.hpp"
#include "template/syntax/lexer.hpp"

namespace rs::tmpl {

class ExpressionParser {
protected:
    using Type = Token::Type;
    using Kind = Node::Kind;
    static constexpr int max_depth = 200; // of brackets and tags inside each other
    static constexpr int max_tree = 1000; // of operators one after another; Python gives up at 200

    explicit ExpressionParser(const Source& source) : source_(source), tokens_(tokenize(source)) {}

    // ---- tokens ----

    [[nodiscard]] const Token& now() const { return tokens_[next_]; }
    [[nodiscard]] const Token& after() const {
        return tokens_[std::min(next_ + 1, tokens_.size() - 1)];
    }
    Token take() { return tokens_[next_ + 1 < tokens_.size() ? next_++ : next_]; }
    bool skip(std::string_view op) { return now().op(op) && (take(), true); }
    bool skip_name(std::string_view name) { return now().name(name) && (take(), true); }
    void expect(std::string_view op) {
        if (!skip(op)) unexpected(cat("'", op, "'"));
    }
    void expect(Type type, std::string_view what) {
        if (!now().is(type)) unexpected(what);
        take();
    }
    std::string expect_name(std::string_view what) {
        if (!now().is(Type::name)) unexpected(what);
        return take().value;
    }

    [[noreturn]] void bad(std::size_t at, const std::string& why, std::string hint = {}) const {
        fail_at(source_, at, why, std::move(hint));
    }

    [[nodiscard]] static std::string shown(const Token& t) {
        switch (t.type) {
        case Type::data: return "text";
        case Type::variable_begin: return "'{{'";
        case Type::variable_end: return "'}}'";
        case Type::block_begin: return "'{%'";
        case Type::block_end: return "'%}'";
        case Type::end: return "the end of the template";
        case Type::text: return "a text";
        default: return cat("'", printable(t.value), "'");
        }
    }
    [[noreturn]] void unexpected(std::string_view wanted) const {
        bad(now().at,
            cat("unexpected ", shown(now()), wanted.empty() ? "" : ", expected ", wanted));
    }

    struct Deeper {
        Deeper(ExpressionParser& p, std::size_t at) : p_(p) {
            if (++p_.depth_ > max_depth) p_.bad(at, cat("nested deeper than ", max_depth));
        }
        ~Deeper() { --p_.depth_; }
        ExpressionParser& p_;
    };

    static NodePtr make(Kind kind, std::size_t at) { return std::make_unique<Node>(kind, at); }
    NodePtr make(Kind kind, std::size_t at, NodePtr a, NodePtr b = nullptr) const {
        NodePtr n = make(kind, at);
        add(*n, std::move(a));
        if (b) add(*n, std::move(b));
        return n;
    }
    // One more below n, which may be absent. Chains of operators, attributes and filters need no brackets to become deep trees.
    void add(Node& n, NodePtr kid) const {
        if (kid && kid->depth >= max_tree)
            bad(n.at, cat("an expression of more than ", max_tree, " steps"));
        if (kid) n.depth = std::max(n.depth, kid->depth + 1);
        n.kids.push_back(std::move(kid));
    }

    // ---- expressions ----

    [[nodiscard]] static bool reserved(std::string_view name);
    std::string assigned_name();
    // What is assigned to: a name, ns.attribute, or several with commas.
    NodePtr target(const std::vector<std::string_view>& ends, bool with_space = false);
    void check_target(const Node& n) const;
    NodePtr name_node();
    NodePtr expression(bool with_choice = true);
    NodePtr choice();
    NodePtr either();
    NodePtr both();
    NodePtr inverted();
    NodePtr comparison();
    template <class Inner>
    NodePtr binary(std::initializer_list<std::string_view> ops, Inner&& inner);
    NodePtr sum();
    NodePtr concat();
    NodePtr product();
    NodePtr power();
    NodePtr unary(bool with_filter);
    NodePtr primary();
    NodePtr tuple(bool with_choice, const std::vector<std::string_view>& ends);
    NodePtr tuple_of(const std::function<NodePtr()>& inner,
                     const std::vector<std::string_view>& ends, bool in_brackets);
    NodePtr postfix(NodePtr n);
    NodePtr subscript(NodePtr n);
    NodePtr subscribed();
    void arguments(Arguments& out);
    NodePtr call(NodePtr n);
    NodePtr filter_expression(NodePtr n);
    std::string dotted_name(std::string_view what);
    // n|a|b(c); with start_inline the first bar is left out.
    NodePtr filters(NodePtr n, bool start_inline = false);
    NodePtr test(NodePtr n);

    const Source& source_;
    std::vector<Token> tokens_;
    std::size_t next_ = 0;
    int depth_ = 0;
};

} // namespace rs::tmpl
