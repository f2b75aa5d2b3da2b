// SPDX-License-Identifier: Apache-2.0
// for: over what, the names it gives, and the loop variable.
#include "base/text.hpp"
#include "template/placed.hpp"
#include "template/values/nesting.hpp"

namespace rs::tmpl {

using NodeKind = Node::Kind;
using ValueKind = tmpl::Kind;

// Items are asked for one by one, as in Jinja2: a list may grow while it is looped over, a condition may depend on what the
// passes before did. Only loop.last, loop.length and the like look ahead.
struct Interpreter::LoopState {
    Heap& heap;
    Value over;                 // what has a length, unless there is a condition
    Next next;                  // what is left
    std::optional<Value> after; // looked at already
    bool filtered = false, looked = false;
    std::int64_t index = -1, depth = 0;
    std::optional<std::int64_t> length;
    std::optional<Value> before, now;
    std::optional<std::vector<Value>> last_changed;

    [[nodiscard]] std::optional<Value> take() {
        std::optional<Value> v = std::exchange(looked, false) ? std::exchange(after, {}) : next();
        if (!v) return v;
        ++index;
        before = std::exchange(now, v);
        return v;
    }
    [[nodiscard]] const std::optional<Value>& look() {
        if (!std::exchange(looked, true)) after = next();
        return after;
    }
    [[nodiscard]] std::int64_t size() {
        if (length) return *length;
        const bool has_length = !filtered && !over.is(ValueKind::iterator);
        if (has_length) return *(length = tmpl::length(over));
        // Counted by reading the rest.
        const std::int64_t seen = index + 1 + (looked && after ? 1 : 0);
        auto rest = std::make_shared<std::vector<Value>>();
        while (auto v = next()) {
            heap.spend(sizeof(Value));
            rest->push_back(*v);
        }
        next = [rest, i = std::size_t{0}]() mutable {
            return i < rest->size() ? std::optional((*rest)[i++]) : std::nullopt;
        };
        return *(length = static_cast<std::int64_t>(rest->size()) + seen);
    }
};

Interpreter::Flow Interpreter::loop(const Node& n, Activation* in, std::string& out) {
    const Value over = eval(*n.kids[1], in);
    const auto state = std::make_shared<LoopState>(LoopState{heap_, {}, {}, {}});
    Activation* const inner = n.flag ? activation(in, n.meaning->slots) : in;
    return loop_over(n, inner, over, state, out);
}

namespace {
// Unpacks into variables, in the order of the target's names. Gives the value as the target has it: what passes the
// condition of a loop arrives in its body as a tuple, even if it was a list.
Value spread(Heap& heap, const Node& target, const Value& value,
             const std::function<void(const Value&)>& next) {
    if (target.kind == NodeKind::name) {
        next(value);
        return value;
    }
    const std::vector<Value> values = items_of(heap, value);
    if (values.size() != target.kids.size())
        raise("ValueError",
              cat("cannot unpack ", values.size(), " values into ", target.kids.size(), " names"));
    std::vector<Value> parts;
    for (std::size_t i = 0; i < values.size(); ++i)
        parts.push_back(spread(heap, *target.kids[i], values[i], next));
    return target.kind == NodeKind::list ? heap.list(std::move(parts))
                                         : heap.tuple(std::move(parts));
}
} // namespace

Next Interpreter::filtered_items(const Node& n, Activation* in, Next items) {
    const auto entered = std::make_shared<bool>(false);
    return [this, &n, in, items = std::move(items), entered]() -> std::optional<Value> {
        if (!std::exchange(*entered, true)) enter(n.meaning->test, in);
        while (auto v = items()) {
            step();
            std::size_t i = 0;
            placed(n.kids[0]->at, [&] {
                v = spread(heap_, *n.kids[0], *v, [&](const Value& part) {
                    variable(n.meaning->variables[i++], in) = part;
                });
            });
            const Value keep = eval(*n.kids[2], in);
            if (placed(n.kids[2]->at, [&] { return truth(keep); })) return v;
        }
        return std::nullopt;
    };
}

Interpreter::Flow Interpreter::loop_over(const Node& n, Activation* in, const Value& over,
                                         const std::shared_ptr<LoopState>& state,
                                         std::string& out) {
    const Meaning& m = *n.meaning;
    state->over = over;
    state->filtered = n.kids[2] != nullptr;
    state->next = placed(n.kids[1]->at, [&] { return iterate(heap_, over); });
    if (n.kids[2]) state->next = filtered_items(n, in, std::move(state->next));
    const Value loop = m.loop.slot >= 0 ? loop_value(n, in, state) : Value();
    // Jinja2 notes at the end of the body that there was a pass: if each one is left or cut short, the else runs, too.
    bool any = false;
    while (const auto v = placed(n.kids[1]->at, [&] { return state->take(); })) {
        step();
        assign(*n.kids[0], *v, in);
        if (m.loop.slot >= 0) variable(m.loop, in) = loop;
        enter(m.frame, in);
        const Flow flow = run(n.body, in, out);
        any |= flow == Flow::on;
        if (flow == Flow::leave) break;
    }
    leave(m.frame, in);
    if (any) return Flow::on;
    enter(m.other, in);
    const Flow flow = run(n.other, in, out);
    leave(m.other, in);
    return flow;
}

Value Interpreter::loop_value(const Node& n, Activation* in,
                              const std::shared_ptr<LoopState>& state) {
    Names* const names = heap_.make<Names>();
    names->what = Names::What::loop;
    names->name = "loop";
    names->find = [this, state](std::string_view name) -> std::optional<Value> {
        LoopState& s = *state;
        if (name == "index") return s.index + 1;
        if (name == "index0") return s.index;
        if (name == "revindex") return s.size() - s.index;
        if (name == "revindex0") return s.size() - s.index - 1;
        if (name == "first") return s.index == 0;
        if (name == "last") return !s.look().has_value();
        if (name == "length" || name == "__len__") return s.size();
        if (name == "depth") return s.depth + 1;
        if (name == "depth0") return s.depth;
        if (name == "previtem")
            return s.before ? *s.before : heap_.missing("there is no previous item");
        if (name == "nextitem") return s.look() ? *s.after : heap_.missing("there is no next item");
        if (name == "cycle")
            return heap_.function("cycle", [state](Call& c) {
                if (c.args.empty()) raise("TypeError", "no items for cycling given");
                return c.args[static_cast<std::size_t>(state->index) % c.args.size()];
            });
        if (name == "changed")
            return heap_.function("changed", [state](Call& c) {
                bool same = state->last_changed && state->last_changed->size() == c.args.size();
                for (std::size_t k = 0; same && k < c.args.size(); ++k)
                    same = equals((*state->last_changed)[k], c.args[k]);
                if (!same) state->last_changed = c.args;
                return Value(!same);
            });
        return std::nullopt;
    };
    names->values["__call__"] =
        !n.flag ? heap_.function("loop",
                                 [](Call&) -> Value {
                                     raise("TypeError", "The loop must have the 'recursive' marker "
                                                        "to be called recursively.");
                                 })
                : heap_.function("loop", [this, &n, in, state, running = running_](Call& c) {
                      // loop(items) runs the same body on other items, with variables of its own.
                      const Value items = *c.bind({"iterable"}, 1)[0];
                      const Deeper guard(*this, "loops");
                      running_ = running;
                      const auto inner = std::make_shared<LoopState>(LoopState{heap_, {}, {}, {}});
                      inner->depth = state->depth + 1;
                      std::string text;
                      static_cast<void>(loop_over(n, activation(in->parent, n.meaning->slots),
                                                  items, inner, text));
                      return c.heap.text(std::move(text));
                  });
    return {ValueKind::names, names};
}

} // namespace rs::tmpl
