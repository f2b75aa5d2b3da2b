// SPDX-License-Identifier: Apache-2.0
// A tree of small files. The model of a round, that is names, sizes and seeds, is computed from
// the seed alone; only the last round is carried out on disk, or all of them on an empty
// directory.
#include "workload.hpp"

#include "files.hpp"
#include "pen.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <set>
#include <stdexcept>
#include <unordered_set>

#include <fcntl.h>

namespace bench {
namespace {

constexpr std::uint64_t year_2019 = 1546300800; // seconds
constexpr std::uint64_t year_2026 = 1767225600;

enum class Kind { source, prose, json, binary };

constexpr std::array<std::array<std::string_view, 4>, 4> extensions = {
    {{".c", ".cpp", ".h", ".java"},
     {".md", ".txt", ".rst", ".html"},
     {".json", ".json", ".geojson", ".ipynb"},
     {".png", ".gz", ".jpg", ".woff2"}}};

// Languages have their idioms: most of a source file is these, with names put in.
// $i a name of the directory's vocabulary, $t a type, $n a number, $s words.
constexpr std::array<std::string_view, 32> statements = {"$i = $i($i, $i);",
                                                         "if ($i == NULL)",
                                                         "    return $i;",
                                                         "$i->$i = $i;",
                                                         "for (size_t i = 0; i < $i->$i; i++) {",
                                                         "}",
                                                         "return -$n;",
                                                         "/* $s */",
                                                         "$i($i, \"$s\");",
                                                         "if ($i < 0 && $i->$i > $n) {",
                                                         "} else {",
                                                         "$t *$i = $i->$i;",
                                                         "goto out_$i;",
                                                         "$t $i;",
                                                         "switch ($i->$i) {",
                                                         "case $n:",
                                                         "    break;",
                                                         "memcpy($i->$i, $i, sizeof(*$i));",
                                                         "$i += $n;",
                                                         "assert($i != NULL);",
                                                         "static $t $i($t *$i, $t $i)",
                                                         "{",
                                                         "free($i->$i);",
                                                         "log_error(\"$s: %s\", strerror(errno));",
                                                         "while ($i--) {",
                                                         "// $s",
                                                         "    $i = $i ? $i : $i->$i;",
                                                         "#define $i $n",
                                                         "",
                                                         "",
                                                         "struct $i {",
                                                         "$t $i[$n];"};

constexpr std::array<std::string_view, 10> types = {
    "int",  "char",        "size_t",     "uint32_t",    "uint64_t",
    "bool", "struct stat", "const char", "struct list", "unsigned"};

struct File {
    std::uint32_t directory;
    std::string name;
    Kind kind;
    std::uint64_t size, seed;         // bytes before any edit
    std::uint64_t vocabulary;         // of the directory that it was made in
    std::vector<std::uint64_t> edits; // seeds of changes of a few lines
    enum { regular, symlink, hardlink } type = regular;
    std::uint32_t target = 0; // index of the file that a link names
    bool removed = false;
};

class Writer {
public:
    explicit Writer(const File& file)
        : kind_(file.kind), vocabulary_(file.vocabulary), seed_(file.seed) {}

    std::string contents(const File& file) const;

private:
    void write_line(Pen& pen, Random& random) const;
    void write_head(Pen& pen) const;
    void write_name(Pen& pen, Random& random) const;
    void edit(std::string& contents, std::uint64_t seed) const;

    Kind kind_;
    std::uint64_t vocabulary_, seed_;
};

// One of the file's own 160 names, or of the 160 that the files of a directory share, the first
// ones most often.
void Writer::write_name(Pen& pen, Random& random) const {
    const std::uint64_t owner = random.percent(70) ? seed_ : vocabulary_;
    const bool known = random.percent(90);
    Random name(
        hash_of(owner, known ? random.skewed(random.between(1, 160)) : 1000 + random.below(1000)));
    const std::uint32_t parts = name.between(1, 3);
    for (std::uint32_t i = 0; i < parts; ++i) {
        if (i > 0) pen.put('_');
        pen.word_of_rank(name.skewed(3000));
    }
}

void Writer::write_head(Pen& pen) const {
    Random random(hash_of(vocabulary_ % 12, 0x11CE)); // a dozen licence texts
    if (kind_ != Kind::source || seed_ % 10 > 2)      // not all files carry it
        return;
    pen.text("/*\n * Copyright (C) ").number(2000 + seed_ % 25).put(' ');
    pen.name(random).put(' ').name(random).text("\n *\n");
    for (int line = 0; line < 9; ++line) pen.text(" * ").words(random, 12).put('\n');
    pen.text(" */\n\n");
    Random includes(vocabulary_);
    for (std::uint32_t count = includes.between(3, 9); count > 0; --count) {
        pen.text("#include \"");
        write_name(pen, includes);
        pen.text(".h\"\n");
    }
}

void Writer::write_line(Pen& pen, Random& random) const {
    if (kind_ == Kind::prose) {
        pen.words(random, random.between(9, 14)).text(random.percent(20) ? ".\n\n" : "\n");
        return;
    }
    if (kind_ == Kind::json) {
        pen.text("        \"");
        Random key(hash_of(seed_, random.skewed(24)));
        pen.word(key).text("\": ");
        switch (random.below(5)) {
        case 0: pen.number(random.skewed(100000)); break;
        case 1: pen.put('"').words(random, random.between(1, 5)).put('"'); break;
        case 2:
            pen.put('[')
                .number(random.below(1000))
                .text(", ")
                .decimal(random.below(36000))
                .put(']');
            break;
        case 3: pen.put('"').hex(random, 12).put('"'); break;
        default: pen.text(random.percent(50) ? "true" : "null"); break;
        }
        pen.text(random.percent(15) ? "\n    },\n    {\n" : ",\n");
        return;
    }
    for (std::uint32_t depth = random.skewed(4); depth > 0; --depth) pen.text("    ");
    const std::string_view statement = statements[random.below(statements.size())];
    for (std::size_t i = 0; i < statement.size(); ++i) {
        if (statement[i] != '$') {
            pen.put(statement[i]);
            continue;
        }
        switch (statement[++i]) {
        case 'i': write_name(pen, random); break;
        case 'n': pen.number(random.skewed(4096)); break;
        case 't': pen.text(types[random.skewed(types.size())]); break;
        default: pen.words(random, random.between(2, 9)); break;
        }
    }
    pen.put('\n');
}

// Replaces, removes or inserts one to four lines.
void Writer::edit(std::string& contents, std::uint64_t seed) const {
    Random random(seed);
    std::vector<char> buffer(Pen::spare);
    for (std::uint32_t lines = random.between(1, 4); lines > 0; --lines) {
        Pen pen(buffer.data());
        write_line(pen, random);
        const std::string_view line(buffer.data(),
                                    static_cast<std::size_t>(pen.at() - buffer.data()));
        const std::size_t place = contents.empty() ? 0 : random.below(contents.size());
        const std::size_t newline = contents.find('\n', place);
        const std::size_t start = newline == std::string::npos ? contents.size() : newline + 1;
        const std::size_t end = std::min(contents.find('\n', start), contents.size() - 1) + 1;
        switch (random.below(4)) {
        case 0: contents.erase(start, end - std::min(start, end)); break;
        case 1: contents.insert(start, line); break;
        default: contents.replace(start, end - std::min(start, end), line); break;
        }
    }
}

std::string Writer::contents(const File& file) const {
    Random random(seed_);
    std::string contents(file.size + Pen::spare, '\0');
    if (kind_ == Kind::binary) {
        fill_random({contents.data(), file.size}, random);
        contents.replace(0, std::min<std::uint64_t>(file.size, 8),
                         std::string("\x89PNG\r\n\x1a\n", 8), 0,
                         std::min<std::uint64_t>(file.size, 8));
    } else {
        Pen pen(contents.data());
        write_head(pen);
        while (static_cast<std::uint64_t>(pen.at() - contents.data()) < file.size)
            write_line(pen, random);
    }
    contents.resize(file.size);
    for (const std::uint64_t seed : file.edits) edit(contents, seed);
    return contents;
}

class Tree {
public:
    Tree(std::filesystem::path root, std::uint64_t count, std::uint64_t seed);

    void create(); // on disk, in an empty directory
    void apply(unsigned round, bool on_disk);

private:
    File make_file(Random& random);
    std::string make_name(Random& random, std::uint32_t directory, Kind kind);
    std::uint32_t pick(Random& random) const; // a regular file that is there
    std::filesystem::path path_of(const File& file) const {
        return root_ / directories_[file.directory] / file.name;
    }
    void write(const File& file, std::uint64_t time, bool replace) const;
    void rename(File& file, Random& random, bool on_disk);

    std::filesystem::path root_;
    std::uint64_t seed_, count_;
    std::vector<std::filesystem::path> directories_; // relative to the root, parents first
    std::vector<std::uint64_t> vocabularies_;        // of each directory
    std::vector<File> files_;
    std::unordered_set<std::string>
        taken_; // names ever used, so that no round meets an existing one
};

Tree::Tree(std::filesystem::path root, std::uint64_t count, std::uint64_t seed)
    : root_(std::move(root)), seed_(seed), count_(count) {
    Random random(hash_of(seed, 0x7EE));
    std::vector<char> buffer(Pen::spare);
    directories_.emplace_back();
    vocabularies_.push_back(random.next());
    while (directories_.size() < std::max<std::uint64_t>(count / 20, 1)) {
        const std::uint32_t parent = random.skewed(static_cast<std::uint32_t>(directories_.size()));
        Pen pen(buffer.data());
        pen.word_of_rank(random.skewed(4000));
        std::filesystem::path path = directories_[parent] / std::string(buffer.data(), pen.at());
        if (!taken_.insert(path.string()).second) continue;
        directories_.push_back(path);
        vocabularies_.push_back(random.percent(60) ? vocabularies_[parent] : random.next());
    }
    while (files_.size() < count) {
        if (random.percent(99) || files_.size() < 100) {
            files_.push_back(make_file(random));
            if (random.below(200) == 0)
                files_.back().type = File::hardlink, files_.back().target = pick(random);
        } else { // besides the regular files
            File link = make_file(random);
            link.type = File::symlink;
            link.target = pick(random);
            files_.push_back(std::move(link));
            ++count;
        }
    }
}

std::string Tree::make_name(Random& random, std::uint32_t directory, Kind kind) {
    std::vector<char> buffer(Pen::spare);
    for (std::uint32_t number = 0;; ++number) {
        Pen pen(buffer.data());
        pen.word_of_rank(random.skewed(6000));
        if (random.percent(60))
            pen.put(random.percent(70) ? '_' : '-').word_of_rank(random.skewed(3000));
        if (number > 3) pen.number(number);
        pen.text(extensions[static_cast<std::size_t>(kind)][random.skewed(4)]);
        std::string name(buffer.data(), pen.at());
        if (taken_.insert((directories_[directory] / name).string()).second) return name;
    }
}

// Sizes by a log-normal law: median 5 KiB, mean 12 KiB, as in a source tree with some pictures in
// it.
File Tree::make_file(Random& random) {
    File file{};
    file.directory = random.below(directories_.size());
    file.vocabulary = vocabularies_[file.directory];
    const std::uint32_t draw = random.below(100);
    file.kind = draw < 53   ? Kind::source
                : draw < 75 ? Kind::prose
                : draw < 92 ? Kind::json
                            : Kind::binary;
    file.name = make_name(random, file.directory, file.kind);
    file.seed = random.next();
    const double size = 4.95 * 1024 * std::exp(1.33 * random.normal());
    file.size = static_cast<std::uint64_t>(std::min(size, 4.0 * 1024 * 1024));
    if (random.below(300) == 0) file.size = 0;
    return file;
}

std::uint32_t Tree::pick(Random& random) const {
    for (;;) {
        const std::uint32_t index = random.below(files_.size());
        if (files_[index].type == File::regular && !files_[index].removed) return index;
    }
}

void Tree::write(const File& file, std::uint64_t time, bool replace) const {
    const std::filesystem::path path = path_of(file);
    if (replace) std::filesystem::remove(path);
    if (file.type == File::hardlink) {
        std::filesystem::create_hard_link(path_of(files_[file.target]), path);
        return;
    }
    if (file.type == File::symlink) {
        const std::filesystem::path target = path_of(files_[file.target]);
        std::filesystem::create_symlink(target.lexically_relative(path.parent_path()), path);
    } else {
        Fd fd(path, O_WRONLY | O_CREAT | O_TRUNC);
        fd.write(Writer(file).contents(file));
        fd.close();
        if (file.kind == Kind::source && file.seed % 40 == 0)
            std::filesystem::permissions(path, std::filesystem::perms(0755));
    }
    set_time(path, time);
}

void Tree::create() {
    std::filesystem::create_directories(root_);
    for (const auto& directory : directories_)
        if (!directory.empty()) std::filesystem::create_directory(root_ / directory);
    for (const File& file : files_)
        write(file, year_2019 + hash_of(file.seed) % (year_2026 - year_2019), false);
    for (std::size_t i = 0; i < directories_.size(); ++i)
        set_time(root_ / directories_[i], year_2019 + vocabularies_[i] % (year_2026 - year_2019));
}

void Tree::rename(File& file, Random& random, bool on_disk) {
    const std::filesystem::path from = path_of(file);
    if (random.percent(40)) file.directory = random.below(directories_.size());
    file.name = make_name(random, file.directory, file.kind);
    if (on_disk) std::filesystem::rename(from, path_of(file));
}

void Tree::apply(unsigned round, bool on_disk) {
    Random random(hash_of(seed_, 0x70, round));
    const std::uint64_t time = year_2026 + round * std::uint64_t{86400};
    std::set<std::uint32_t> touched; // directories
    const auto changes =
        static_cast<std::uint32_t>(std::max<std::uint64_t>(count_ / 200, 1)); // 0.5%
    for (std::uint32_t i = 0; i < changes; ++i) {
        const std::uint32_t draw = random.below(100);
        if (draw >= 80) { // added
            files_.push_back(make_file(random));
            touched.insert(files_.back().directory);
            if (on_disk) write(files_.back(), time + i, false);
            continue;
        }
        File& file = files_[pick(random)];
        touched.insert(file.directory);
        if (draw >= 60) { // removed
            file.removed = true;
            if (on_disk) std::filesystem::remove(path_of(file));
        } else if (draw >= 40) { // renamed
            rename(file, random, on_disk);
            touched.insert(file.directory);
        } else { // changed
            const std::uint64_t seed = random.next();
            if (draw < 8 || file.kind == Kind::binary) { // wholly
                file.seed = seed;
                file.edits.clear();
            } else {
                file.edits.push_back(seed);
            }
            if (on_disk)
                write(file, time + i, random.percent(50));
            else
                random.percent(50);
        }
    }
    for (const std::uint32_t directory : touched)
        if (on_disk) set_time(root_ / directories_[directory], time);
}

} // namespace

void write_tree(const std::filesystem::path& root, std::uint64_t files, std::uint64_t seed,
                unsigned round) {
    Tree tree(root, files, seed);
    const bool fresh = !std::filesystem::exists(root) || std::filesystem::is_empty(root);
    if (!fresh && round == 0)
        throw std::runtime_error(root.string() + ": is not empty, and round 0 makes a new tree");
    if (fresh) tree.create();
    for (unsigned i = 1; i <= round; ++i) tree.apply(i, fresh || i == round);
}

} // namespace bench
