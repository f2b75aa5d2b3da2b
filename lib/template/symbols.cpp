// SPDX-License-Identifier: Apache-2.0
// Two walks: Scan finds the names of one frame, as Jinja2's idtracking does; Resolver goes through the frames and gives each
// name its variable.
#include "template/symbols.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "base/text.hpp"
#include "template/interpreter.hpp"

namespace rs::tmpl {

namespace {

using Kind = Node::Kind;

// What becomes one function in Python: its variables are numbered here.
struct Function {
    Function* parent = nullptr;
    int depth = 0;
    std::map<std::pair<int, std::string>, std::int32_t> slots; // by level of the frame and name
    std::int32_t slot(int level, const std::string& name) {
        return slots.try_emplace({level, name}, static_cast<std::int32_t>(slots.size()))
            .first->second;
    }
};

struct Place {
    Function* function = nullptr;
    std::int32_t slot = -1;
    auto operator<=>(const Place&) const = default;
};

struct Symbols {
    enum class From : std::uint8_t { parameter, context, variable, nothing };
    struct Origin {
        From from = From::nothing;
        Place place;
        std::string name;
    };
    Symbols* parent = nullptr;
    Function* function = nullptr;
    int level = 0;
    std::map<std::string, Place> names;
    std::map<Place, Origin> origins;
    std::set<std::string> stored;

    [[nodiscard]] const Place* find(const std::string& name) const {
        for (const Symbols* s = this; s != nullptr; s = s->parent)
            if (const auto at = s->names.find(name); at != s->names.end()) return &at->second;
        return nullptr;
    }
    Place define(const std::string& name, Origin origin) {
        const Place p{function, function->slot(level, name)};
        names[name] = p;
        origins[p] = std::move(origin);
        return p;
    }
    void load(const std::string& name) {
        if (find(name) == nullptr) define(name, {From::context, {}, name});
    }
    void store(const std::string& name) {
        stored.insert(name);
        if (names.contains(name)) return;
        if (const Place* const outer = parent != nullptr ? parent->find(name) : nullptr)
            define(name, {From::variable, *outer, {}});
        else
            define(name, {From::nothing, {}, {}});
    }
    Place parameter(const std::string& name) {
        stored.insert(name);
        return define(name, {From::parameter, {}, {}});
    }
    // What only some of the branches set keeps, in the others, what it was outside.
    void merge(const std::vector<Symbols>& branches) {
        std::map<std::string, std::size_t> in_how_many;
        for (const Symbols& b : branches)
            for (const std::string& name : b.stored)
                if (!stored.contains(name)) ++in_how_many[name];
        for (const Symbols& b : branches) {
            for (const auto& [name, place] : b.names) names[name] = place;
            for (const auto& [place, origin] : b.origins) origins[place] = origin;
            stored.insert(b.stored.begin(), b.stored.end());
        }
        for (const auto& [name, count] : in_how_many) {
            if (count == branches.size()) continue;
            const Place* const outer = parent != nullptr ? parent->find(name) : nullptr;
            origins[*find(name)] = outer != nullptr ? Origin{From::variable, *outer, {}}
                                                    : Origin{From::context, {}, name};
        }
    }
};

// Finds the names of one frame: what is read and what is set in it, not in the frames inside.
class Scan {
public:
    explicit Scan(Symbols& symbols) : s_(&symbols) {}

    void all(const Body& nodes) {
        for (const NodePtr& n : nodes)
            if (n) visit(*n);
    }
    void target(const Node& n, bool as_parameter) {
        if (n.kind == Kind::name) {
            as_parameter ? static_cast<void>(s_->parameter(n.text)) : s_->store(n.text);
        } else if (n.kind == Kind::attribute) {
            visit(*n.kids[0]); // the namespace whose attribute is set
        } else {
            for (const NodePtr& k : n.kids) target(*k, as_parameter);
        }
    }
    void arguments(const Arguments& a) {
        all(a.positional);
        for (const auto& [name, value] : a.named) visit(*value);
        if (a.star) visit(*a.star);
        if (a.star_star) visit(*a.star_star);
    }

    void visit(const Node& n) {
        switch (n.kind) {
        case Kind::name: s_->load(n.text); return;
        case Kind::condition: {
            // The second and later tests stand in the else of those before.
            Symbols& outside = *s_;
            visit(*n.kids[0]);
            std::vector<Symbols> branches(3, outside);
            s_ = branches.data();
            all(n.bodies[0]);
            for (std::size_t i = 1; i < n.kids.size(); ++i) {
                s_ = &branches[1];
                other_test(n, i);
            }
            s_ = &branches[2];
            all(n.other);
            s_ = &outside;
            outside.merge(branches);
            return;
        }
        case Kind::loop: visit(*n.kids[1]); return;
        case Kind::macro: s_->store(n.text); return;
        case Kind::call_block: visit(*n.kids[0]); return;
        case Kind::filter_block: visit(*n.kids[0]); return;
        case Kind::with:
            for (std::size_t i = 1; i < n.kids.size(); i += 2) visit(*n.kids[i]);
            return;
        case Kind::set_block: target(*n.kids[0], false); return;
        case Kind::set:
            visit(*n.kids[1]);
            target(*n.kids[0], false);
            return;
        case Kind::import:
            all(n.kids);
            s_->store(n.text);
            return;
        case Kind::from_import:
            all(n.kids);
            for (std::size_t i = 1; i < n.names.size(); i += 2) s_->store(n.names[i]);
            return;
        case Kind::block: return;
        default:
            all(n.kids);
            arguments(n.arguments);
            return;
        }
    }

private:
    // An elif is an if of its own, whose other branches are empty.
    void other_test(const Node& n, std::size_t i) {
        Symbols& outside = *s_;
        visit(*n.kids[i]);
        std::vector<Symbols> branches(3, outside);
        s_ = branches.data();
        all(n.bodies[i]);
        s_ = &outside;
        outside.merge(branches);
    }

    Symbols* s_;
};

// Whether a body reads a name that it has not set before, in the order in which Jinja2 looks.
class Reads {
public:
    explicit Reads(std::string_view name) : name_(name) {}
    [[nodiscard]] bool in(const Body& body) {
        all(body);
        return read_;
    }

private:
    void all(const Body& nodes) {
        for (const NodePtr& n : nodes)
            if (n) visit(*n);
    }
    void target(const Node& n) {
        if (n.kind == Kind::name && n.text == name_ && !read_) set_ = true;
        if (n.kind != Kind::name && n.kind != Kind::attribute)
            for (const NodePtr& k : n.kids) target(*k);
    }
    // Those of a macro inside hide the name from here on, even outside that macro: so Jinja2 counts.
    void parameters(const Node& n) {
        set_ |= !read_ && std::find(n.names.begin(), n.names.end(), name_) != n.names.end();
    }
    void visit(const Node& n) {
        if (read_ || set_) return;
        switch (n.kind) {
        case Kind::name: read_ = n.text == name_; return;
        case Kind::block: return;
        case Kind::set:
        case Kind::set_block:
            target(*n.kids[0]);
            if (n.kids[1]) visit(*n.kids[1]);
            all(n.body);
            return;
        case Kind::loop:
            target(*n.kids[0]);
            visit(*n.kids[1]);
            all(n.body);
            all(n.other);
            if (n.kids[2]) visit(*n.kids[2]);
            return;
        case Kind::macro:
            parameters(n);
            all(n.kids); // defaults
            all(n.body);
            return;
        case Kind::call_block:
            all(n.kids);
            parameters(n);
            all(n.other); // defaults
            all(n.body);
            return;
        case Kind::with:
            for (std::size_t i = 0; i < n.kids.size(); i += 2) target(*n.kids[i]);
            for (std::size_t i = 1; i < n.kids.size(); i += 2) visit(*n.kids[i]);
            all(n.body);
            return;
        case Kind::condition:
            for (std::size_t i = 0; i < n.kids.size(); ++i) {
                visit(*n.kids[i]);
                all(n.bodies[i]);
            }
            all(n.other);
            return;
        case Kind::filter_block:
            all(n.body);
            visit(*n.kids[0]);
            return;
        default:
            all(n.kids);
            all(n.arguments.positional);
            for (const auto& [key, value] : n.arguments.named) visit(*value);
            if (n.arguments.star) visit(*n.arguments.star);
            if (n.arguments.star_star) visit(*n.arguments.star_star);
            all(n.body);
            return;
        }
    }
    std::string_view name_;
    bool read_ = false, set_ = false;
};

bool reads(const Body& body, std::string_view name) { return Reads(name).in(body); }

class Resolver {
public:
    explicit Resolver(const Source& source) : source_(source) {}

    void run(Template& t) {
        Function function;
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
        Function* function;
        bool toplevel, soft; // soft: an if decides about it, filters need not be known
        bool captured = false;
    };

    [[noreturn]] void not_supported(const Body& body, std::string_view what) const {
        fail_at(source_, body.empty() ? 0 : body[0]->at, cat("not supported: ", what));
    }

    [[nodiscard]] static Variable variable(const Place& p, const Function& from) {
        return {p.slot, from.depth - p.function->depth};
    }
    [[nodiscard]] Variable variable(const std::string& name, const At& at,
                                    std::size_t offset) const {
        const Place* const p = at.symbols->find(name);
        if (p ==
            nullptr) // only in the filter of a set block: Jinja2 forgets to look there, and gives up
            fail_at(source_, offset,
                    cat("the name '", name, "' is not known here, as Jinja2 has it"),
                    "read it in front of the block, or set it there to another name");
        return variable(*p, *at.function);
    }

    static void finish(Frame& frame, const Symbols& s, const Function& in) {
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

    static Symbols inner(const At& at, Function& function) {
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
        Function own;
        own.parent = at.function;
        own.depth = at.function->depth + 1;
        Function& function = n.flag ? own : *at.function; // a recursive one is a function
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
        Function function;
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
        Function function;
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
