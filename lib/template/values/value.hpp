// SPDX-License-Identifier: Apache-2.0
// Values of templates: Python's None, bool, int, float, str, list, tuple, dict, and what only a template has.
//
// A value is 16 bytes; what does not fit lies on a heap that lives as long as the rendering, and is never moved or freed
// before: values are copied without a thought, cycles do no harm, and the limit of the heap is the limit of the template.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace rs::tmpl {

struct Object;
struct Text;
struct List;
struct Dict;
class Heap;

enum class Kind : std::uint8_t {
    undefined, // Object: Missing
    none,
    boolean,
    integer, // 64 bits; what goes beyond is an error, never a wrong number
    real,
    text,  // str, UTF-8
    bytes, // str.encode()
    list,
    tuple,
    dict,
    set,
    range,
    view,     // keys(), values(), items() of a dict
    callable, // function, method, macro, class
    iterator, // what is passed once: map(), iter(), enumerate()
    names,    // a module, a namespace, loop: attributes by name
};

class Value {
public:
    Value() = default; // None
    Value(bool b) : kind_(Kind::boolean) { u_.b = b; }
    Value(std::int64_t i) : kind_(Kind::integer) { u_.i = i; }
    Value(double r) : kind_(Kind::real) { u_.r = r; }
    Value(Kind kind, Object* object) : kind_(kind) { u_.o = object; }
    // A variable that nothing was assigned to; templates never see it.
    [[nodiscard]] static Value unset() { return {Kind::undefined, nullptr}; }
    [[nodiscard]] bool is_unset() const { return kind_ == Kind::undefined && u_.o == nullptr; }
    template <class T>
    Value(T*) = delete; // would become a bool

    [[nodiscard]] Kind kind() const { return kind_; }
    [[nodiscard]] bool is(Kind k) const { return kind_ == k; }
    [[nodiscard]] bool boolean() const { return u_.b; }
    [[nodiscard]] std::int64_t integer() const {
        return kind_ == Kind::boolean ? (u_.b ? 1 : 0) : u_.i;
    }
    [[nodiscard]] double real() const { return u_.r; }
    [[nodiscard]] bool is_number() const {
        return kind_ == Kind::boolean || kind_ == Kind::integer || kind_ == Kind::real;
    }
    [[nodiscard]] bool is_int() const { return kind_ == Kind::boolean || kind_ == Kind::integer; }
    [[nodiscard]] double as_real() const {
        return kind_ == Kind::real ? u_.r : static_cast<double>(integer());
    }
    [[nodiscard]] Object* object() const {
        return kind_ >= Kind::text || kind_ == Kind::undefined ? u_.o : nullptr;
    }
    template <class T>
    [[nodiscard]] T& as() const {
        return *static_cast<T*>(u_.o);
    }
    // Of str and bytes, of a list and a tuple; anything else is Failure TypeError: arguments come from templates.
    [[nodiscard]] std::string_view text() const;
    [[nodiscard]] std::vector<Value>& items() const;

private:
    Kind kind_ = Kind::none;
    union {
        bool b;
        std::int64_t i;
        double r;
        Object* o;
    } u_{};
};

// The next of what is iterated, nothing at the end.
using Next = std::function<std::optional<Value>()>;

struct Object {
    virtual ~Object() = default;
};

struct Missing : Object {
    std::string message;               // what to say when it is used
    std::function<std::string()> hint; // what was perhaps meant
    bool lenient = false;              // an inline if without else gave it: it counts as empty
};
struct Text : Object {
    std::string bytes;
    bool ascii = true;   // then a character is a byte
    bool markup = false; // came from escape, safe or tojson: Python has a type of its own for it
};
struct List : Object { // also of tuples
    std::vector<Value> items;
    bool group = false; // a tuple of groupby, with names: grouper, list
};
// A tuple whose items have names, as Python's named tuples: what urlparse() gives.
struct Record : List {
    std::string type;
    std::vector<std::string_view> fields; // of literals
    std::function<std::optional<Value>(std::string_view)> find; // attributes besides
};
struct Range : Object {
    std::int64_t start = 0, stop = 0, step = 1;
    [[nodiscard]] std::int64_t size() const;
};
// In the order of insertion, as in Python; a key that is removed leaves a hole until the next growth.
struct Dict : Object {
    struct Slot {
        Value key, value;
        bool live = true;
    };
    std::vector<Slot> slots;
    std::unordered_multimap<std::size_t, std::size_t> at; // hash to slot
    std::size_t live = 0;
    bool frozen = false;       // a frozenset
    std::size_t table = 8;     // of a set: how large the table of CPython's was at first
    bool arranged = false;     // of a set: its slots lie as one goes through them, because something was removed
    bool ordered = false;      // an OrderedDict: Python shows and compares it in its own way
    std::uint64_t changes = 0; // of its keys: who iterates sees that it must not
};
struct View : Object {
    enum class What { keys, values, items } what = What::keys;
    Value of;
};
struct Call; // arguments, interpreter.hpp
struct Callable : Object {
    std::string name;
    std::function<std::optional<Value>(std::string_view)> find; // attributes, of a macro or a class
    std::function<Value(Call&)> call;
    bool macro = false;
    bool builtin = false, type = false; // a function, a class of Python, which str() can show
};
struct Iterator : Object {
    std::string type;
    Next next;
};
struct Names : Object {
    // object: what modules give besides functions, such as a match; `name` is its type.
    enum class What { module, space, loop, macro, object } what = What::module;
    std::string name;
    std::map<std::string, Value, std::less<>> values;
    std::function<std::optional<Value>(std::string_view)> find; // asked before `values`
};

// Owns every object of one rendering.
class Heap {
public:
    explicit Heap(std::size_t limit) : left_(limit) {}
    template <class T, class... Arguments>
    T* make(Arguments&&... arguments) {
        spend(sizeof(T) + 32);
        auto owned = std::make_unique<T>(std::forward<Arguments>(arguments)...);
        T* const out = owned.get();
        objects_.push_back(std::move(owned));
        return out;
    }
    // Memory that an object takes besides itself; Error(Exit::config) when the limit is reached.
    void spend(std::size_t bytes);
    // For what is being built: fails as soon as it would not be kept.
    void must_fit(std::size_t bytes) const;

    [[nodiscard]] Value text(std::string bytes);
    [[nodiscard]] Value markup(std::string bytes);
    [[nodiscard]] Value bytes(std::string bytes);
    [[nodiscard]] Value list(std::vector<Value> items);
    [[nodiscard]] Value tuple(std::vector<Value> items);
    [[nodiscard]] Value dict();
    [[nodiscard]] Value set();
    [[nodiscard]] Value missing(std::string message);
    [[nodiscard]] Value function(std::string name, std::function<Value(Call&)> call);
    [[nodiscard]] Value iterator(std::string type, Next next);

private:
    std::size_t left_;
    std::vector<std::unique_ptr<Object>> objects_;
};

// What went wrong as Python says it: TypeError and so on. The interpreter adds file and line.
struct Failure {
    std::string type, message;
    std::string hint = {};
};
[[noreturn]] void raise(std::string type, std::string message, std::string hint = {});
// UndefinedError of what is not there; Python raises it wherever such a value is used.
[[noreturn]] void undefined_error(const Value& v);
inline void must_be_defined(const Value& v) {
    if (v.is(Kind::undefined)) undefined_error(v);
}
// The same, but true for the undefined that an inline if without else gives: it counts as empty.
[[nodiscard]] inline bool lenient(const Value& v) {
    if (v.is(Kind::undefined) && !v.as<Missing>().lenient) undefined_error(v);
    return v.is(Kind::undefined);
}

[[nodiscard]] std::string type_name(const Value& v); // "str", "int", "NoneType", ...
[[nodiscard]] const Record* record(const Value& v); // nullptr: none
[[nodiscard]] bool truth(const Value& v);
[[nodiscard]] std::string str(const Value& v); // as str() in Python
[[nodiscard]] std::string repr(const Value& v);
[[nodiscard]] std::string repr_text(std::string_view text);
[[nodiscard]] std::string repr_real(double value);
[[nodiscard]] bool equals(const Value& a, const Value& b);
[[nodiscard]] int compare(const Value& a, const Value& b,
                          const char* op);         // <0, 0, >0; TypeError where Python has one
[[nodiscard]] std::size_t hash_of(const Value& v); // TypeError: unhashable
[[nodiscard]] std::int64_t length(const Value& v);
[[nodiscard]] bool contains(const Value& in, const Value& what);
// The items of what can be iterated, one after another; TypeError if it cannot. Changes meanwhile are seen as Python sees
// them: a list may grow, a dict must not.
[[nodiscard]] Next iterate(Heap& heap, const Value& v);
// Each item of what can be iterated; stops when f says false.
void each(Heap& heap, const Value& v, const std::function<bool(const Value&)>& f);
[[nodiscard]] std::vector<Value> items_of(Heap& heap, const Value& v);

[[nodiscard]] const Value* find(const Dict& d, const Value& key);
void put(Heap& heap, Dict& d, const Value& key, const Value& value);
bool erase(Dict& d, const Value& key);
void clear(Dict& d);
// The slots that are alive in the order in which Python goes through them: of a dict as they came; of a set of integers as
// its hash table has them; of other sets Python has no order that two runs share.
[[nodiscard]] std::vector<std::size_t> order_of(const Value& dict_or_set);
// Removes a key of a set; the others keep their order. What is added later goes to the end, where Python may put it
// elsewhere: it depends on the holes of its table.
void discard(Heap& heap, const Value& set, const Value& key);
// Of a set or a frozenset, in the order that a copy has in Python; not frozen.
[[nodiscard]] Value copy_of_set(Heap& heap, const Value& set);

// Characters of a str, counted in code points.
[[nodiscard]] std::int64_t characters(std::string_view text); // how many
[[nodiscard]] std::int64_t characters(const Value& text);
[[nodiscard]] std::string slice_text(const Value& text, std::int64_t from,
                                     std::int64_t to); // 0 <= from <= to <= characters
[[nodiscard]] std::vector<std::string> split_characters(std::string_view text);

} // namespace rs::tmpl
