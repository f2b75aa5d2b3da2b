// SPDX-License-Identifier: Apache-2.0
// expat, because it is strict: it refuses what is not well-formed, and says where.
#include "sla/instance_xml.hpp"

#include <expat.h>

#include <exception>
#include <memory>
#include <new>
#include <optional>
#include <type_traits>

#include "base/error.hpp"
#include "base/text.hpp"

namespace rs::sla {

namespace {

class Document {
public:
    explicit Document(std::string_view name) : name_(name), parser_(XML_ParserCreate(nullptr)) {
        if (!parser_) throw std::bad_alloc();
        XML_SetUserData(parser_.get(), this);
        XML_SetElementHandler(
            parser_.get(), [](void* self, const char* tag, const char** with) { of(self).guard([&] { of(self).begin(tag, with); }); },
            [](void* self, const char*) { --of(self).depth_; });
        XML_SetCharacterDataHandler(parser_.get(), [](void* self, const char* text, int size) {
            of(self).guard([&] { of(self).characters({text, static_cast<std::size_t>(size)}); });
        });
        XML_SetStartDoctypeDeclHandler(parser_.get(), [](void* self, const char*, const char*, const char*, int) {
            of(self).guard([&] { of(self).bad("a DOCTYPE has no place here"); });
        });
    }

    std::vector<XmlParameter> read(std::string_view text) {
        const XML_Status status = XML_Parse(parser_.get(), text.data(), static_cast<int>(text.size()), XML_TRUE);
        if (thrown_) std::rethrow_exception(thrown_);
        if (status != XML_STATUS_OK) {
            const XML_Error error = XML_GetErrorCode(parser_.get());
            if (error == XML_ERROR_NO_MEMORY) throw std::bad_alloc();
            bad(XML_ErrorString(error));
        }
        return std::move(parameters_);
    }

private:
    static Document& of(void* self) { return *static_cast<Document*>(self); }

    // expat is C: nothing may be thrown through it.
    template <class Handler>
    void guard(Handler&& handler) noexcept {
        if (thrown_) return;
        try {
            handler();
        } catch (...) {
            thrown_ = std::current_exception();
            XML_StopParser(parser_.get(), XML_FALSE);
        }
    }

    [[noreturn]] void bad(std::string_view why) const {
        fail(Exit::config,
             cat(name_, ":", XML_GetCurrentLineNumber(parser_.get()), ":", XML_GetCurrentColumnNumber(parser_.get()) + 1, ": ", why),
             "the form is <instance><parameter id=\"ID\">VALUE</parameter>...</instance>");
    }

    void begin(std::string_view tag, const char** with) {
        if (depth_ == 0 && tag != "instance") bad(cat("<", printable(tag), "> instead of <instance>"));
        if (depth_ == 1 && tag != "parameter") bad(cat("<", printable(tag), "> instead of <parameter>"));
        if (depth_ == 2) bad(cat("<", printable(tag), "> inside a parameter, which is text"));
        if (++depth_ < 2) return;
        std::optional<std::string> id;
        for (; *with != nullptr; with += 2)
            if (std::string_view(with[0]) == "id") id = with[1];
        if (!id || id->empty()) bad("a parameter without an id");
        parameters_.push_back({*id, "", XML_GetCurrentLineNumber(parser_.get())});
    }

    void characters(std::string_view text) {
        if (depth_ == 2)
            parameters_.back().value += text;
        else if (text.find_first_not_of(" \t\r\n") != std::string_view::npos)
            bad("text outside a parameter");
    }

    struct Free {
        void operator()(XML_Parser parser) const noexcept { XML_ParserFree(parser); }
    };
    std::string_view name_;
    std::unique_ptr<std::remove_pointer_t<XML_Parser>, Free> parser_;
    std::vector<XmlParameter> parameters_;
    int depth_ = 0; // of elements
    std::exception_ptr thrown_;
};

} // namespace

std::vector<XmlParameter> read_instance_xml(std::string_view text, std::string_view name) {
    return Document(name).read(text);
}

} // namespace rs::sla
