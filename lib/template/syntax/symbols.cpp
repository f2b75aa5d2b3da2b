// SPDX-License-Identifier: Apache-2.0
// Goes through the frames of a template and gives each name its variable.
#include "template/syntax/symbols.hpp"

#include <algorithm>
#include <set>

#include "base/text.hpp"
#include "template/interpreter.hpp"
#include "template/syntax/frame_names.hpp"
#include "template/syntax/reads.hpp"

namespace rs::tmpl {

namespace {

using Kind = Node::Kind;

class Resolver {
public:
    explicit Resolver(const Source& source) : source_(source) {}

    void run(Template& t) {
        Locals function;
        Symbols root;
        root.function = &function;
        if (reads(t.body, "self")) not_supported(t.body, "'self', the blocks of a template");
        Scan(root).all(t.body);
        At at{&root, &function, true, false};
        finish(t.meaning.frame, root, function);
        all(t.body, at);
        t.meaning.slots = static_cast<std::int32_t>(function.slots.size());
    }

private:
    struct At {
        Symbols* symbols;
        Locals* function;
        bool toplevel, soft; // soft: an if decides about it, filters need not be known
        bool captured = false;
    };

    [[noreturn]] void not_supported(const Body& body, std::string_view what) const {
        fail_at(source_, body.empty() ? 0 : body[0]->at, cat("not supported: ", what));
    }

    [[nodiscard]] static Variable variable(const Slot& p, const Locals& from) {
        return {p.slot, from.depth - p.function->depth};
    }
    [[nodiscard]] Variable variable(const std::string& name, const At& at,
                                    std::size_t offset) const {
        const Slot* const p = at.symbols->find(name);
        if (p ==
            nullptr) // only in the filter of a set block: Jinja2 forgets to look there, and gives up
            fail_at(source_, offset,
                    cat("the name '", name, "' is not known here, as Jinja2 has it"),
                    "read it in front of the block, or set it there to another name");
        return variable(*p, *at.function);
    }

    static void finish(Frame& frame, const Symbols& s, const Locals& in) {
        for (const auto& [place, origin] : s.origins) {
            frame.slots.push_back(place.slot);
            switch (origin.from) {
            case Symbols::From::parameter: break;
            case Symbols::From::context:
                frame.loads.push_back({Load::From::context, place.slot, {}, origin.name});
                break;
            case Symbols::From::variable:
                frame.loads.push_back(
                    {Load::From::variable, place.slot, variable(origin.place, in), {}});
                break;
            case Symbols::From::nothing:
                frame.loads.push_back({Load::From::nothing, place.slot, {}, {}});
                break;
            }
        }
    }

    static Symbols inner(const At& at, Locals& function) {
        Symbols s;
        s.parent = at.symbols;
        s.function = &function;
        s.level = at.symbols->level + 1;
        return s;
    }

    void all(Body& nodes, const At& at) {
        for (NodePtr& n : nodes)
            if (n) visit(*n, at);
    }
    void arguments(Arguments& a, const At& at) {
        all(a.positional, at);
        for (auto& [name, value] : a.named) visit(*value, at);
        if (a.star) visit(*a.star, at);
        if (a.star_star) visit(*a.star_star, at);
    }

    void visit(Node& n, const At& at) {
        if (n.kind > Kind::output) n.meaning = std::make_unique<Meaning>();
        if (n.meaning) {
            n.meaning->toplevel = at.toplevel;
            n.meaning->captured = at.captured;
        }
        switch (n.kind) {
        case Kind::name: n.variable = variable(n.text, at, n.at); return;
        case Kind::filter:
            if (!at.soft && find_filter(n.text) == nullptr)
                unknown(n, "filter", close_filter(n.text));
            break;
        case Kind::test:
            if (!at.soft && find_test(n.text) == nullptr) unknown(n, "test", close_test(n.text));
            break;
        case Kind::choice: all(n.kids, softly(at)); return;
        case Kind::condition: {
            const At soft = softly(at);
            all(n.kids, soft);
            for (Body& b : n.bodies) all(b, soft);
            all(n.other, soft);
            return;
        }
        case Kind::loop: loop(n, at); return;
        case Kind::macro:
            n.variable = variable(n.text, at, n.at);
            macro(n, n.kids, at);
            return;
        case Kind::call_block:
            macro(n, n.other, at);
            all(n.kids, at);
            return;
        case Kind::with: {
            Symbols s = inner(at, *at.function);
            Scan scan(s);
            for (std::size_t i = 0; i < n.kids.size(); i += 2) scan.target(*n.kids[i], true);
            scan.all(n.body);
            finish(n.meaning->frame, s, *at.function);
            const At inside{&s, at.function, false, false, at.captured};
            for (std::size_t i = 0; i < n.kids.size(); i += 2) {
                visit(*n.kids[i], inside);
                visit(*n.kids[i + 1], at);
            }
            all(n.body, inside);
            return;
        }
        case Kind::filter_block: {
            Symbols s = inner(at, *at.function);
            Scan scan(s);
            scan.all(n.body);
            scan.all(n.kids);
            finish(n.meaning->frame, s, *at.function);
            const At inside{&s, at.function, false, false, true};
            all(n.body, inside);
            all(n.kids, inside);
            return;
        }
        case Kind::set_block: {
            visit(*n.kids[0], at);
            Symbols s = inner(at, *at.function);
            Scan(s).all(n.body);
            finish(n.meaning->frame, s, *at.function);
            const At inside{&s, at.function, false, false, true};
            all(n.body, inside);
            if (n.kids[1]) visit(*n.kids[1], inside);
            return;
        }
        case Kind::import:
            all(n.kids, at);
            n.variable = variable(n.text, at, n.at);
            see(n, at);
            return;
        case Kind::from_import:
            all(n.kids, at);
            for (std::size_t i = 1; i < n.names.size(); i += 2)
                n.meaning->variables.push_back(variable(n.names[i], at, n.at));
            see(n, at);
            return;
        case Kind::include:
            // There Jinja2's function becomes a generator of Python, and what it wrote is lost.
            if (!n.flag && at.function->depth > 0)
                fail_at(source_, n.at,
                        "not supported: to include without context in a macro or a recursive loop");
            all(n.kids, at);
            see(n, at);
            return;
        case Kind::block: block(n, at); return;
        default: break;
        }
        all(n.kids, at);
        arguments(n.arguments, at);
    }

    static At softly(const At& at) {
        return {at.symbols, at.function, at.toplevel, true, at.captured};
    }

    [[noreturn]] void unknown(const Node& n, std::string_view what,
                              const std::string& close) const {
        fail_at(source_, n.at, cat("unknown ", what, " '", printable(n.text), "'"),
                close.empty() ? "" : cat("perhaps '", close, "'?"));
    }

    // Whatever the frames around have set is seen by what is included or imported with context.
    static void see(Node& n, const At& at) {
        std::set<std::string> seen;
        for (const Symbols* s = at.symbols; s != nullptr; s = s->parent)
            for (const std::string& name : s->stored)
                if (seen.insert(name).second)
                    n.meaning->visible.emplace_back(
                        name, variable(*at.symbols->find(name), *at.function));
    }

    void loop(Node& n, const At& at) {
        forbid_loop(n);
        Locals own;
        own.parent = at.function;
        own.depth = at.function->depth + 1;
        Locals& function = n.flag ? own : *at.function; // a recursive one is a function
        Meaning& m = *n.meaning;
        visit(*n.kids[1], at);

        Symbols body = inner(at, function);
        if (n.flag || reads(n.body, "loop") || has_scoped_block(n))
            m.loop = variable(body.parameter("loop"), function);
        Scan scan(body);
        scan.target(*n.kids[0], true);
        scan.all(n.body);
        finish(m.frame, body, function);
        const At inside{&body, &function, false, false, at.captured || n.flag};
        visit(*n.kids[0], inside);
        all(n.body, inside);

        if (n.kids[2]) {
            Symbols test = inner(at, function);
            // Jinja2 makes a function of it: the names it sets are others than those of the body.
            test.level += 1000;
            Scan test_scan(test);
            test_scan.target(*n.kids[0], true);
            test_scan.visit(*n.kids[2]);
            finish(m.test, test, function);
            const At in_test{&test, &function, false, false};
            visit(*n.kids[2], in_test);
            collect(*n.kids[0], in_test, m.variables);
        }
        Symbols other = inner(at, function);
        Scan(other).all(n.other);
        finish(m.other, other, function);
        const At in_other{&other, &function, false, false, at.captured || n.flag};
        all(n.other, in_other);
        m.slots = static_cast<std::int32_t>(own.slots.size());
    }

    // The variables of a target, in the order in which it is unpacked.
    void collect(const Node& target, const At& at, std::vector<Variable>& out) const {
        if (target.kind == Kind::name)
            out.push_back(variable(target.text, at, target.at));
        else
            for (const NodePtr& k : target.kids) collect(*k, at, out);
    }

    void forbid_loop(const Node& n) const {
        const auto check = [&](const Node& target) {
            const auto names = [&](const auto& self, const Node& t) -> void {
                if (t.kind == Kind::name && t.text == "loop")
                    fail_at(source_, t.at, "'loop' cannot be assigned to inside a loop");
                if (t.kind != Kind::attribute)
                    for (const NodePtr& k : t.kids) self(self, *k);
            };
            names(names, target);
        };
        const auto walk = [&](const auto& self, const Node& node) -> void {
            if (node.kind == Kind::loop || node.kind == Kind::set || node.kind == Kind::set_block)
                check(*node.kids[0]);
            for (const NodePtr& k : node.body) self(self, *k);
            if (node.kind >= Kind::data && node.kind != Kind::call_block)
                for (const NodePtr& k : node.other) self(self, *k);
            for (const Body& b : node.bodies)
                for (const NodePtr& k : b) self(self, *k);
        };
        walk(walk, n);
    }

    static bool has_scoped_block(const Node& n) {
        const auto any = [](const Body& body) {
            return std::any_of(body.begin(), body.end(), [](const NodePtr& k) {
                return (k->kind == Kind::block && k->flag) || has_scoped_block(*k);
            });
        };
        return any(n.body) || (n.kind != Kind::call_block && any(n.other)) ||
               std::any_of(n.bodies.begin(), n.bodies.end(), any);
    }

    void macro(Node& n, Body& defaults, const At& at) {
        Locals function;
        function.parent = at.function;
        function.depth = at.function->depth + 1;
        Symbols s = inner(at, function);
        const auto has = [&](std::string_view name) {
            return std::find(n.names.begin(), n.names.end(), name) != n.names.end();
        };
        const bool caller = reads(n.body, "caller");
        if (caller && has("caller")) {
            const auto place = static_cast<std::size_t>(
                std::find(n.names.begin(), n.names.end(), "caller") - n.names.begin());
            if (place < n.names.size() - defaults.size())
                fail_at(source_, n.at, "the parameter 'caller' needs a default");
        }
        // Twice, as Jinja2 does: what is found the first time decides about the second.
        Meaning& m = *n.meaning;
        for (int pass = 0; pass < 2; ++pass) {
            for (const std::string& name : n.names) s.parameter(name);
            Scan scan(s);
            scan.all(defaults);
            scan.all(n.body);
            if (pass > 0) break;
            if (caller && !has("caller")) m.caller = variable(s.parameter("caller"), function);
            if (reads(n.body, "kwargs") && !has("kwargs"))
                m.kwargs = variable(s.parameter("kwargs"), function);
            if (reads(n.body, "varargs") && !has("varargs"))
                m.varargs = variable(s.parameter("varargs"), function);
        }
        n.ignore = caller; // it takes a caller
        for (const std::string& name : n.names)
            m.variables.push_back(variable(*s.find(name), function));
        finish(m.frame, s, function);
        const At inside{&s, &function, false, false, true};
        all(defaults, inside);
        all(n.body, inside);
        m.slots = static_cast<std::int32_t>(function.slots.size());
    }

    void block(Node& n, const At& at) {
        if (!blocks_.insert(n.text).second)
            fail_at(source_, n.at, cat("the block '", n.text, "' is there twice"));
        for (const std::string_view name : {"self", "super"})
            if (reads(n.body, name))
                not_supported(n.body, cat("'", name, "', the blocks of other templates"));
        see(n, at);
        Locals function;
        Symbols s;
        s.function = &function;
        Scan(s).all(n.body);
        finish(n.meaning->frame, s, function);
        const At inside{&s, &function, false, false};
        all(n.body, inside);
        n.meaning->slots = static_cast<std::int32_t>(function.slots.size());
    }

    const Source& source_;
    std::set<std::string> blocks_;
};

} // namespace

void resolve_names(const Source& source, Template& tree) { Resolver(source).run(tree); }

} // namespace rs::tmpl
