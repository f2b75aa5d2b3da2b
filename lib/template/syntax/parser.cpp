// SPDX-License-Identifier: Apache-2.0
#include "template/syntax/parser.hpp"

#include <algorithm>

#include "base/closest.hpp"
#include "base/text.hpp"
#include "template/syntax/expression_parser.hpp"
#include "template/syntax/symbols.hpp"

namespace rs::tmpl {

namespace {

class Parser : ExpressionParser {
public:
    explicit Parser(const Source& source) : ExpressionParser(source) {}

    Body run() {
        Body out = statements({});
        if (!now().is(Type::end)) unexpected("");
        return out;
    }

private:
    // Until a tag of these names, whose '{%' is passed and whose name is not.
    Body statements(const std::vector<std::string_view>& ends) {
        const Deeper guard(*this, now().at);
        Body out;
        for (;;) {
            const Token& t = now();
            if (t.is(Type::data)) {
                NodePtr n = make(Kind::data, t.at);
                n->text = take().value;
                out.push_back(std::move(n));
            } else if (t.is(Type::variable_begin)) {
                NodePtr n = make(Kind::output, take().at);
                n->kids.push_back(tuple(true, {}));
                expect(Type::variable_end, "'}}'");
                out.push_back(std::move(n));
            } else if (t.is(Type::block_begin)) {
                const std::size_t at = take().at;
                if (!now().is(Type::name)) unexpected("the name of a tag");
                if (std::find(ends.begin(), ends.end(), now().value) != ends.end()) return out;
                open_.push_back({std::string(now().value), at});
                out.push_back(statement(at));
                open_.pop_back();
                expect(Type::block_end, "'%}'");
            } else if (!ends.empty()) {
                bad(open_.back().at, cat("the tag '", open_.back().name, "' does not end"),
                    cat("it ends with {% ", ends.back(), " %}"));
            } else {
                return out;
            }
        }
    }

    // The content of a tag: behind its '%}', up to one of the ends, the last of which is passed.
    Body block_body(const std::vector<std::string_view>& ends) {
        expect(Type::block_end, "'%}'");
        return statements(ends);
    }

    NodePtr statement(std::size_t at) {
        const Token word = take();
        const std::string& tag = word.value;
        if (tag == "for") return loop(at);
        if (tag == "if") return condition(at);
        if (tag == "set") return set(at);
        if (tag == "macro") return macro(at);
        if (tag == "call") return call_block(at);
        if (tag == "filter") return filter_block(at);
        if (tag == "with") return with(at);
        if (tag == "import") return import(at);
        if (tag == "from") return from_import(at);
        if (tag == "include") return include(at);
        if (tag == "do") return make(Kind::discard, at, tuple(true, {}));
        if (tag == "print") {
            NodePtr n = make(Kind::output, at);
            while (!now().is(Type::block_end)) {
                if (!n->kids.empty()) expect(",");
                n->kids.push_back(expression());
            }
            return n;
        }
        if (tag == "break" || tag == "continue") {
            if (loops_ == 0) bad(at, cat("'", tag, "' outside a loop"));
            return make(tag == "break" ? Kind::leave : Kind::go_on, at);
        }
        if (tag == "block") return block(at);
        if (tag == "extends" || tag == "autoescape" || tag == "trans" || tag == "pluralize" ||
            tag == "debug")
            bad(word.at, cat("the tag '", tag, "' is not supported"));
        static constexpr std::string_view tags[] = {
            "for",  "if",      "set", "macro", "call",  "filter",   "with", "import",
            "from", "include", "do",  "print", "break", "continue", "raw"};
        Closest meant(tag);
        for (const std::string_view known : tags) meant.consider(known);
        const std::string hint = meant.found().empty() ? "" : cat("perhaps '", meant.found(), "'?");
        if (tag.starts_with("end") || tag == "else" || tag == "elif")
            bad(word.at, open_.size() > 1 ? cat("unexpected tag '", tag, "': '",
                                                open_[open_.size() - 2].name, "' is open")
                                          : cat("unexpected tag '", tag, "': no tag is open"));
        bad(word.at, cat("unknown tag '", printable(tag), "'"), hint);
    }

    NodePtr loop(std::size_t at) {
        NodePtr n = make(Kind::loop, at);
        n->kids.push_back(target({"in"}));
        if (!skip_name("in")) unexpected("'in'");
        n->kids.push_back(tuple(false, {"recursive"}));
        n->kids.push_back(skip_name("if") ? expression() : nullptr);
        n->flag = skip_name("recursive");
        ++loops_;
        n->body = block_body({"else", "endfor"});
        --loops_;
        if (skip_name("else")) n->other = block_body({"endfor"});
        take();
        return n;
    }

    NodePtr condition(std::size_t at) {
        NodePtr n = make(Kind::condition, at);
        for (;;) {
            n->kids.push_back(tuple(false, {}));
            n->bodies.push_back(block_body({"elif", "else", "endif"}));
            if (skip_name("elif")) continue;
            if (skip_name("else")) n->other = block_body({"endif"});
            take();
            return n;
        }
    }

    NodePtr set(std::size_t at) {
        NodePtr to = target({}, true);
        if (skip("=")) {
            NodePtr n = make(Kind::set, at, std::move(to), tuple(true, {}));
            return n;
        }
        NodePtr n = make(Kind::set_block, at);
        n->kids.push_back(std::move(to));
        n->kids.push_back(now().op("|") ? filters(nullptr) : nullptr);
        n->body = block_body({"endset"});
        take();
        return n;
    }

    // (a, b=1) of a macro: names and the defaults of the last ones.
    void parameters(Node& n, Body& defaults) {
        expect("(");
        while (!now().op(")")) {
            if (!n.names.empty()) {
                expect(",");
                if (now().op(")")) break;
            }
            n.names.push_back(assigned_name());
            if (skip("="))
                defaults.push_back(expression());
            else if (!defaults.empty())
                unexpected("'=': the parameters before have defaults");
        }
        expect(")");
    }

    NodePtr macro(std::size_t at) {
        NodePtr n = make(Kind::macro, at);
        n->text = assigned_name();
        parameters(*n, n->kids);
        n->body = outside_loops({"endmacro"});
        return n;
    }

    Body outside_loops(const std::vector<std::string_view>& ends) {
        const int loops = std::exchange(loops_, 0);
        Body out = block_body(ends);
        loops_ = loops;
        take();
        return out;
    }

    NodePtr call_block(std::size_t at) {
        NodePtr n = make(Kind::call_block, at);
        if (now().op("(")) parameters(*n, n->other);
        NodePtr what = expression();
        if (what->kind != Kind::call) bad(what->at, "expected a call");
        n->kids.push_back(std::move(what));
        n->body = outside_loops({"endcall"});
        return n;
    }

    NodePtr filter_block(std::size_t at) {
        NodePtr n = make(Kind::filter_block, at);
        n->kids.push_back(filters(nullptr, true));
        n->body = block_body({"endfilter"});
        take();
        return n;
    }

    NodePtr block(std::size_t at) {
        NodePtr n = make(Kind::block, at);
        n->text = expect_name("the name of a block");
        n->flag = skip_name("scoped");
        n->ignore = skip_name("required");
        if (!n->flag) n->flag = skip_name("scoped");
        const int loops = std::exchange(loops_, 0);
        n->body = block_body({"endblock"});
        loops_ = loops;
        take();
        if (now().name(n->text)) take();
        return n;
    }

    NodePtr with(std::size_t at) {
        NodePtr n = make(Kind::with, at);
        while (!now().is(Type::block_end)) {
            if (!n->kids.empty()) expect(",");
            n->kids.push_back(target({}));
            expect("=");
            n->kids.push_back(expression());
        }
        n->body = block_body({"endwith"});
        take();
        return n;
    }

    bool context_word(bool otherwise) {
        if ((now().name("with") || now().name("without")) && after().name("context")) {
            const bool with_context = take().value == "with";
            take();
            return with_context;
        }
        return otherwise;
    }

    NodePtr import(std::size_t at) {
        NodePtr n = make(Kind::import, at, expression());
        if (!skip_name("as")) unexpected("'as'");
        n->text = assigned_name();
        n->flag = context_word(false);
        return n;
    }

    NodePtr from_import(std::size_t at) {
        NodePtr n = make(Kind::from_import, at, expression());
        if (!skip_name("import")) unexpected("'import'");
        for (;;) {
            if (!n->names.empty()) {
                if (!now().op(",")) break;
                take();
            }
            if (now().is(Type::block_end)) break;
            if ((now().name("with") || now().name("without")) && after().name("context")) break;
            const Token what = now();
            n->names.push_back(assigned_name());
            if (what.value.starts_with("_"))
                bad(what.at, "names that begin with _ cannot be imported");
            n->names.push_back(skip_name("as") ? assigned_name() : n->names.back());
        }
        if (n->names.empty()) unexpected("a name");
        n->flag = context_word(false);
        return n;
    }

    NodePtr include(std::size_t at) {
        NodePtr n = make(Kind::include, at, expression());
        if (now().name("ignore") && after().name("missing")) {
            take();
            take();
            n->ignore = true;
        }
        n->flag = context_word(true);
        return n;
    }

    int loops_ = 0;
    struct Open {
        std::string name;
        std::size_t at = 0;
    };
    std::vector<Open> open_;
};

} // namespace

Template parse(const Source& source) {
    Template out;
    out.body = Parser(source).run();
    resolve_names(source, out);
    return out;
}

} // namespace rs::tmpl
