#include "plugins/elf_symbols.hpp"

#include <link.h>

#include <algorithm>
#include <optional>

namespace ferrule::plugins {

namespace {

constexpr std::uint64_t largest_table = std::uint64_t{64} << 20U;

error damaged() {
    return error("plugin_broken", "its table of dynamic symbols is damaged");
}

std::optional<std::string> table(const byte_source& file, std::uint64_t offset, std::uint64_t size) {
    if (size > largest_table || size > file.size())
        return std::nullopt;
    std::string out(size, '\0');
    if (!file.read(offset, size, out.data()))
        return std::nullopt;
    return out;
}

bool is_exported(const ElfW(Sym) & symbol) noexcept {
    const auto binding = ELF64_ST_BIND(symbol.st_info);
    const auto visibility = ELF64_ST_VISIBILITY(symbol.st_other);
    return symbol.st_shndx != SHN_UNDEF && symbol.st_shndx != SHN_ABS && binding != STB_LOCAL &&
           (visibility == STV_DEFAULT || visibility == STV_PROTECTED);
}

} // namespace

result<std::vector<std::string>> exported_symbols(const byte_source& file) {
    const auto head = read_at<ElfW(Ehdr)>(file, 0);
    if (!head)
        return damaged();
    const auto section = [&](std::uint64_t index) {
        return read_at<ElfW(Shdr)>(file, head->e_shoff + index * sizeof(ElfW(Shdr)));
    };
    std::vector<std::string> out;
    for (std::uint64_t i = 0; i < head->e_shnum; ++i) {
        const auto symbols = section(i);
        if (!symbols || symbols->sh_type != SHT_DYNSYM)
            continue;
        const auto strings = symbols->sh_link < head->e_shnum ? section(symbols->sh_link) : std::nullopt;
        const auto entries = table(file, symbols->sh_offset, symbols->sh_size);
        if (!strings || !entries)
            return damaged();
        const auto names = table(file, strings->sh_offset, strings->sh_size);
        if (!names)
            return damaged();
        const memory_source list(*entries);
        for (std::uint64_t place = 0; place + sizeof(ElfW(Sym)) <= entries->size(); place += sizeof(ElfW(Sym))) {
            const auto symbol = read_at<ElfW(Sym)>(list, place);
            if (!is_exported(*symbol))
                continue;
            if (symbol->st_name >= names->size())
                return damaged();
            const auto end = names->find('\0', symbol->st_name);
            out.push_back(names->substr(symbol->st_name, end - symbol->st_name));
        }
    }
    std::ranges::sort(out);
    return out;
}

} // namespace ferrule::plugins
