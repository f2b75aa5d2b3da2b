// SPDX-License-Identifier: Apache-2.0
// A template as a tree. The parser makes it, then symbols.hpp says what its names mean.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace rs::tmpl {

struct Node;
using NodePtr = std::unique_ptr<Node>;
using Body = std::vector<NodePtr>;

// A variable: of this function or of one around it. Functions are a template, a macro, a call block, a recursive loop, a block.
struct Variable {
    std::int32_t slot = -1, functions_up = 0;
};
// What happens to a variable when its frame is entered.
struct Load {
    enum class From : std::uint8_t { context, variable, nothing } from = From::nothing;
    std::int32_t to = 0;
    Variable variable;
    std::string name;
};
struct Frame {
    std::vector<Load> loads;
    std::vector<std::int32_t> slots; // all of its own: unset again when it is left
};
// What the names in a node mean (symbols.hpp fills it in).
struct Meaning {
    Frame frame, test, other; // of the body; of the condition and the else of a loop
    std::int32_t slots = 0;   // of a function: how many variables it has
    Variable loop, caller, kwargs, varargs;
    std::vector<Variable> variables; // of parameters, of imported names
    std::vector<std::pair<std::string, Variable>>
        visible;           // to what is included or imported with context
    bool toplevel = false; // what is set here is seen by blocks and by who imports
    bool captured = false; // what is written here does not go out at once
};

struct Arguments {
    Body positional;
    std::vector<std::pair<std::string, NodePtr>> named;
    NodePtr star, star_star; // *list, **dict
};

struct Node {
    enum class Kind : std::uint8_t {
        // expressions
        none,
        boolean,
        integer,
        real,
        text,
        name,
        tuple,
        list,
        dict,      // kids; of a dict: key, value, key, value...
        attribute, // kids[0].text
        item,      // kids[0][kids[1]]
        slice,     // kids: start, stop, step, each may be null
        call,
        filter,
        test, // kids[0] what; text: the name of a filter or test; arguments
        negate,
        positive,
        invert, // of kids[0]; invert: not
        both,
        either,  // and, or
        binary,  // text: the operator
        compare, // kids[0] OP kids[1] OP kids[2]...; names: the operators
        concat,  // ~
        choice,  // kids: then, condition, else (may be null)
        // statements
        data,         // text
        output,       // kids
        loop,         // kids: target, in, condition (may be null); body, other; flag: recursive
        condition,    // kids: tests, each with bodies[i]; other: else
        macro,        // text; names and kids: parameters and their defaults (last ones); body
        call_block,   // kids[0]: the call; parameters as a macro: names, defaults in `others`
        filter_block, // kids[0]: a filter without what; body
        set,          // kids: target, value
        set_block,    // kids: target, filter or null; body
        with,         // kids: target, value, target, value...; body
        import,       // kids[0]; text: the name it gets; flag: with context
        from_import,  // kids[0]; names: what, as, what, as...; flag: with context
        include,      // kids[0]; flag: with context; ignore: a missing one is no error
        discard,      // do
        leave,
        go_on, // break, continue
        block, // text; body; flag: scoped; ignore: required
    } kind;
    std::size_t at = 0;
    std::string text;
    double real = 0;
    bool flag = false, ignore = false;
    Body kids;
    std::vector<std::string> names;
    Arguments arguments;
    Body body, other;
    std::vector<Body> bodies;
    Variable variable;                // of a name, of what a macro or an import is called
    std::unique_ptr<Meaning> meaning; // of statements
    int depth = 1;                    // of the tree below: bounded, for who walks down

    Node(Kind k, std::size_t offset) : kind(k), at(offset) {}
};

struct Template {
    Body body;
    Meaning meaning;
};

} // namespace rs::tmpl
