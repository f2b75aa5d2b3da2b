// SPDX-License-Identifier: Apache-2.0
// Runs templates, as Jinja2 3.1 with StrictUndefined and without autoescape does.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "template/syntax/ast.hpp"
#include "template/syntax/source.hpp"
#include "template/values/value.hpp"

namespace rs::tmpl {

class Interpreter;

// One call of a function, a method, a filter, a test or a macro.
struct Call {
    Interpreter& interpreter;
    Heap& heap;
    std::string_view what; // for messages
    std::vector<Value> args;
    std::vector<std::pair<std::string, Value>> named;

    // The arguments by the names of the parameters, in their order; absent ones are nullptr. The first `required` must be
    // there. A name that begins with / cannot be given by name. TypeError where Python has one.
    [[nodiscard]] std::vector<const Value*> bind(std::initializer_list<std::string_view> names,
                                                 std::size_t required) const;
};

struct Limits {
    std::size_t memory_bytes = std::size_t{1} << 30;
    std::size_t output_bytes = std::size_t{256} << 20;
    std::uint64_t steps = 200'000'000; // statements and iterations: a minute or two
    int calls = 400;                   // of macros inside each other, and of imports
};

struct Settings {
    // The template of this name, for import and include; nothing if there is none.
    std::function<SourcePtr(const std::string& name)> load;
    Limits limits;
};

// A template that was parsed.
struct Module {
    SourcePtr source;
    Template tree;
};

// The variables of a function that runs: of a template, a macro, a recursive loop (symbols.hpp).
struct Activation {
    Activation* parent = nullptr;
    std::vector<Value> slots;
};

// What names that are no variables mean in one run of a template.
struct Context {
    std::unordered_map<std::string, Value> outside; // given by who runs it
    std::map<std::string, Value> set;               // by itself, in no loop and no macro
    std::map<std::string, Value> exported;          // of these, what importers see
};

class Interpreter {
public:
    explicit Interpreter(Settings settings);

    Heap& heap() { return heap_; }
    // Names that every template sees, imported ones too: what Jinja2 calls globals. range, dict, namespace... are there.
    void set_global(const std::string& name, const Value& value) { globals_[name] = value; }
    // Renders with this context. Whatever is wrong: Error(Exit::config) with file, line and column.
    [[nodiscard]] std::string render(const SourcePtr& source,
                                     const std::vector<std::pair<std::string, Value>>& context);

    // ---- for functions, filters and methods ----
    [[nodiscard]] Value call(const Value& callee, std::vector<Value> args,
                             std::vector<std::pair<std::string, Value>> named = {});
    [[nodiscard]] Value attribute(const Value& of, std::string_view name);
    [[nodiscard]] Value item(const Value& of, const Value& key);
    [[nodiscard]] Value apply_filter(const std::string& name, std::vector<Value> args,
                                     std::vector<std::pair<std::string, Value>> named);
    [[nodiscard]] bool apply_test(const std::string& name, std::vector<Value> args,
                                  std::vector<std::pair<std::string, Value>> named);
    [[nodiscard]] Value binary(std::string_view op, const Value& a, const Value& b);
    // One more statement or pass, or one that goes through `items` of a list or a text; fails when the limit is reached.
    void step(std::size_t items = 0);
    // Modules, and the functions of Python, by name: each is made once, so that they are the same wherever they come from.
    std::map<std::string, Value, std::less<>> imported;

private:
    enum class Flow { on, leave, go_on };
    struct Running { // a template: where its names are looked up
        const Module* module = nullptr;
        Context* context = nullptr;
    };
    struct LoopState;
    class Deeper;

    // ---- statements ----
    [[nodiscard]] Flow run(const Body& body, Activation* in, std::string& out);
    [[nodiscard]] Flow run(const Node& n, Activation* in, std::string& out);
    [[nodiscard]] Flow run_inner(const Node& n, Activation* in, std::string& out);
    void write(std::string& out, std::string_view text);
    void set(const Node& n, Activation* in);
    void set_block(const Node& n, Activation* in);
    void call_block(const Node& n, Activation* in, std::string& out);
    void filter_block(const Node& n, Activation* in, std::string& out);
    void block(const Node& n, Activation* in, std::string& out);
    [[nodiscard]] Flow with(const Node& n, Activation* in, std::string& out);
    void assign(const Node& target, const Value& value, Activation* in);
    void export_target(const Node& target, Activation* in);
    [[nodiscard]] Flow loop(const Node& n, Activation* in, std::string& out);
    [[nodiscard]] Flow loop_over(const Node& n, Activation* in, const Value& over,
                                 const std::shared_ptr<LoopState>& state, std::string& out);
    [[nodiscard]] Next filtered_items(const Node& n, Activation* in, Next items);
    [[nodiscard]] Value loop_value(const Node& n, Activation* in,
                                   const std::shared_ptr<LoopState>& state);

    // ---- macros and other templates ----
    [[nodiscard]] Value make_macro(const Node& n, Activation* in, const Body& defaults,
                                   const std::string& name);
    [[nodiscard]] Value run_macro(const Node& n, Activation* in, const Body& defaults,
                                  const std::string& name, const Running& running, Call& call);
    [[nodiscard]] Value import(const Node& n, Activation* in);
    [[nodiscard]] Value run_module(const Module& module, Context* context, const std::string& name);
    [[nodiscard]] Value default_module(const std::string& name);
    void include(const Node& n, Activation* in, std::string& out);
    [[nodiscard]] const Module& load(const std::string& name);
    [[nodiscard]] Context* seen_from(const Node& n, Activation* in);
    [[nodiscard]] Context* new_context();

    // ---- variables ----
    [[nodiscard]] Activation* activation(Activation* parent, std::int32_t slots);
    void enter(const Frame& frame, Activation* in);
    static void leave(const Frame& frame, Activation* in);
    [[nodiscard]] static Value& variable(const Variable& v, Activation* in);
    [[nodiscard]] Value look_up(const std::string& name) const; // unset if it is nowhere
    [[nodiscard]] std::string close_name(std::string_view name) const;

    // ---- expressions ----
    [[nodiscard]] Value eval(const Node& n, Activation* in);
    [[nodiscard]] Value eval_inner(const Node& n, Activation* in);
    [[nodiscard]] Value item_of(const Node& n, Activation* in);
    [[nodiscard]] Value call_of(const Node& n, Activation* in);
    [[nodiscard]] Value filter_or_test(const Node& n, Activation* in);
    [[nodiscard]] bool is_in(const Value& what, const Value& in);
    [[nodiscard]] Value compare(const Node& n, Activation* in);
    void arguments(const Arguments& a, Activation* in, std::vector<Value>& args,
                   std::vector<std::pair<std::string, Value>>& named,
                   const Value* caller = nullptr);
    [[nodiscard]] Value slice(const Value& of, const Value& start, const Value& stop,
                              const Value& step);
    template <class F>
    auto placed(std::size_t at, F&& f);

    Settings settings_;
    Heap heap_;
    std::unordered_map<std::string, Value> globals_;
    std::vector<std::unique_ptr<Activation>> activations_; // as long as macros may remember them
    std::vector<std::unique_ptr<Context>> contexts_;
    std::map<std::string, std::unique_ptr<Module>> modules_;
    std::map<std::string, Value> default_modules_; // imported without context: run once
    Running running_;
    Value captured_; // what a block that is filtered wrote
    std::size_t written_ = 0;
    std::uint64_t steps_ = 0;
    int calls_ = 0;
};

// By kind of value: "abc".upper, {}.get... Nothing if there is no such method.
[[nodiscard]] std::optional<Value> method(Interpreter& in, const Value& of, std::string_view name);
// Calls a method that is there.
[[nodiscard]] Value call_method(Interpreter& in, const Value& of, std::string_view name,
                                std::vector<Value> args = {});
// escape() of markupsafe: & < > ' " as entities, unless it is Markup already.
[[nodiscard]] Value escape(Heap& heap, const Value& v);

// -v, +v.
[[nodiscard]] Value unary(char op, const Value& v);
// dict.update(): from a dict or an iterable of pairs.
void merge_into(Heap& heap, Dict& d, const Value& from);
// list.sort(): stable; key may be None.
void sort_values(Interpreter& in, std::vector<Value>& items, const Value& key, bool reverse);
// An iterator of this type over items that are there already.
[[nodiscard]] Value iterator_over(Heap& heap, std::string type, std::vector<Value> items);
// round(value, digits) of Python.
[[nodiscard]] Value round_half_even(const Value& value, std::int64_t digits);

using Builtin = Value (*)(Call&);
[[nodiscard]] Builtin find_filter(std::string_view name);
[[nodiscard]] Builtin find_test(std::string_view name);
// Closest known name, for hints; empty if none is close.
[[nodiscard]] std::string close_filter(std::string_view name);
[[nodiscard]] std::string close_test(std::string_view name);
[[nodiscard]] std::string close_method(const Value& of, std::string_view name);
// range, dict, list... of Python and of Jinja2.
void add_globals(Interpreter& in); // range dict namespace joiner cycler
[[nodiscard]] std::vector<std::pair<std::string, Value>>
python_builtins(Interpreter& in); // what the original's context has

} // namespace rs::tmpl
