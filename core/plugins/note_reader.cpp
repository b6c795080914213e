#include "plugins/note.hpp"

#include <ferrule/abi/abi.h>

#include <cstring>
#include <elf.h>
#include <limits>
#include <optional>

namespace ferrule::plugins {

namespace {

// With its terminating zero, as it stands in the file.
constexpr std::string_view owner(FRL_NOTE_OWNER, sizeof(FRL_NOTE_OWNER));
constexpr std::size_t longest_note = std::size_t{1} << 20;

error broken(std::string why) {
    return error("plugin_broken", std::move(why));
}

constexpr std::size_t longest_stretch = std::size_t{4} << 20;

// Looks through one stretch of notes for ours. The padding of names and texts is 4 in both ELF classes.
std::optional<std::string> search(const byte_source& file, std::uint64_t offset, std::uint64_t size) {
    if (size > longest_stretch || size > file.size())
        return std::nullopt;
    std::string notes(size, '\0');
    if (!file.read(offset, size, notes.data()))
        return std::nullopt;
    const memory_source in(notes);
    const auto padded = [](std::uint64_t length) { return (length + 3U) & ~std::uint64_t{3}; };
    std::uint64_t place = 0;
    while (const auto head = read_at<Elf64_Nhdr>(in, place)) {
        const std::uint64_t name = place + sizeof(Elf64_Nhdr);
        const std::uint64_t text = name + padded(head->n_namesz);
        if (text > notes.size() || head->n_descsz > notes.size() - text)
            return std::nullopt;
        if (head->n_type == FRL_NOTE_TYPE && head->n_namesz == owner.size() &&
            notes.compare(name, owner.size(), owner) == 0)
            return notes.substr(text, head->n_descsz);
        place = text + padded(head->n_descsz);
    }
    return std::nullopt;
}

struct elf32 {
    using header = Elf32_Ehdr;
    using section = Elf32_Shdr;
    using segment = Elf32_Phdr;
};

struct elf64 {
    using header = Elf64_Ehdr;
    using section = Elf64_Shdr;
    using segment = Elf64_Phdr;
};

error cut_short(const byte_source& file, std::uint64_t needed) {
    return broken("the file is cut short (it has " + std::to_string(file.size()) + " bytes and needs " +
                  std::to_string(needed) + "); is it still being written?");
}

// Where the tables and what they describe end; saturates instead of wrapping.
std::uint64_t end_of(std::uint64_t offset, std::uint64_t size) noexcept {
    constexpr auto most = std::numeric_limits<std::uint64_t>::max();
    return size > most - offset ? most : offset + size;
}

template <class Elf>
result<std::string> find(const byte_source& file) {
    const auto head = read_at<typename Elf::header>(file, 0);
    if (!head)
        return cut_short(file, sizeof(typename Elf::header));
    if (head->e_type != ET_DYN)
        return broken("it is an ELF file but not a shared object");
    if (head->e_phnum == 0 || head->e_phentsize != sizeof(typename Elf::segment))
        return broken("its program headers are damaged");
    const auto segments = end_of(head->e_phoff, std::uint64_t{head->e_phnum} * head->e_phentsize);
    if (segments > file.size())
        return cut_short(file, segments);
    // Linkers put the section headers last, so their end tells whether the whole file is there.
    if (head->e_shnum != 0 && head->e_shentsize != sizeof(typename Elf::section))
        return broken("its section headers are damaged");
    const auto sections = end_of(head->e_shoff, std::uint64_t{head->e_shnum} * head->e_shentsize);
    if (head->e_shnum != 0 && sections > file.size())
        return cut_short(file, sections);

    std::optional<std::string> found;
    for (std::uint64_t i = 0; i < head->e_phnum; ++i) {
        const auto each = read_at<typename Elf::segment>(file, head->e_phoff + i * head->e_phentsize);
        if (!each)
            return broken("its program headers are damaged");
        if (each->p_type != PT_LOAD && each->p_type != PT_NOTE)
            continue;
        const auto end = end_of(each->p_offset, each->p_filesz);
        if (end > file.size())
            return cut_short(file, end);
        if (each->p_type == PT_NOTE && !found)
            found = search(file, each->p_offset, each->p_filesz);
    }
    // A linker script may leave the section out of the note segment.
    for (std::uint64_t i = 0; i < head->e_shnum && !found; ++i) {
        const auto each = read_at<typename Elf::section>(file, head->e_shoff + i * head->e_shentsize);
        if (each && each->sh_type == SHT_NOTE)
            found = search(file, each->sh_offset, each->sh_size);
    }
    if (!found)
        return broken("it has no Ferrule note, so it is not a Ferrule plugin (FRL_NOTE makes one)");
    if (found->size() > longest_note)
        return broken("its note is longer than 1 MiB");
    return std::move(*found);
}

// The machine that this program was built for.
constexpr unsigned char native_class = sizeof(void*) == 8 ? ELFCLASS64 : ELFCLASS32;
#if defined(__x86_64__)
constexpr unsigned native_machine = EM_X86_64;
#elif defined(__aarch64__)
constexpr unsigned native_machine = EM_AARCH64;
#elif defined(__i386__)
constexpr unsigned native_machine = EM_386;
#elif defined(__arm__)
constexpr unsigned native_machine = EM_ARM;
#elif defined(__riscv)
constexpr unsigned native_machine = EM_RISCV;
#elif defined(__powerpc64__)
constexpr unsigned native_machine = EM_PPC64;
#elif defined(__s390x__)
constexpr unsigned native_machine = EM_S390;
#else
#error "name the ELF machine of this architecture here"
#endif
constexpr unsigned char native_order = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? ELFDATA2LSB : ELFDATA2MSB;

} // namespace

bool memory_source::read(std::uint64_t offset, std::uint64_t size, char* into) const {
    if (offset > all_.size() || size > all_.size() - offset)
        return false;
    std::memcpy(into, all_.data() + offset, size);
    return true;
}

result<std::string> note_text(const byte_source& file) {
    if (file.size() == 0)
        return broken("the file is empty");

    // The machine field has the same place in both classes.
    struct start {
        unsigned char ident[EI_NIDENT];
        Elf64_Half type;
        Elf64_Half machine;
    };

    const auto head = read_at<start>(file, 0);
    char magic[SELFMAG] = {};
    if (!file.read(0, SELFMAG, magic) || std::string_view(magic, SELFMAG) != std::string_view(ELFMAG, SELFMAG))
        return broken("it is not an ELF file");
    if (!head)
        return cut_short(file, sizeof(Elf32_Ehdr));
    if (head->ident[EI_DATA] != native_order || head->ident[EI_CLASS] != native_class ||
        head->machine != native_machine)
        return broken("it was built for another kind of machine");
    return native_class == ELFCLASS64 ? find<elf64>(file) : find<elf32>(file);
}

} // namespace ferrule::plugins
