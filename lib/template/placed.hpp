// SPDX-License-Identifier: Apache-2.0
// For the files of the interpreter alone: a failure gets the place where it happened, and the way there.
#pragma once

#include "template/interpreter.hpp"

namespace rs::tmpl {

// A failure whose place is known.
struct Placed {
    SourcePtr source;
    std::size_t at;
    Failure failure;
    std::vector<std::string> trace; // "in the macro NAME, called at FILE:LINE", innermost first
    std::string passing;            // what it is just leaving, whose call is not known yet
};

// The place where what is being left was called.
void note_call(Placed& e, const Source& source, std::size_t at);

// Puts the place in front of what failed, once, and notes where what it comes from was called.
template <class F>
auto Interpreter::placed(std::size_t at, F&& f) {
    try {
        return f();
    } catch (Failure& e) {
        throw Placed{running_.module->source, at, std::move(e), {}, {}};
    } catch (Placed& e) {
        if (!e.passing.empty()) note_call(e, *running_.module->source, at);
        throw;
    }
}

// Macros, imports and recursive loops inside each other: bounded, and the template that ran before runs again afterwards.
class Interpreter::Deeper {
public:
    Deeper(Interpreter& in, std::string_view what) : in_(in), before_(in.running_) {
        if (in_.calls_ >= in_.settings_.limits.calls)
            raise("RecursionError", std::string(what) + " inside each other too deeply");
        ++in_.calls_;
    }
    ~Deeper() {
        in_.running_ = before_;
        --in_.calls_;
    }
    Deeper(const Deeper&) = delete;
    Deeper& operator=(const Deeper&) = delete;

private:
    Interpreter& in_;
    Running before_;
};

} // namespace rs::tmpl
