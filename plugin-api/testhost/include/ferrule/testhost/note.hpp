// SPDX-License-Identifier: Apache-2.0
// Reading the note of a plugin file without loading it.
#pragma once

#include <ferrule/abi/abi.h>

#include <elf.h>

#include <cstring>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <string_view>

namespace ferrule::testhost {

namespace detail {

template <class T>
T read_at(const std::string& file, std::uint64_t offset) {
    if (offset > file.size() || file.size() - offset < sizeof(T)) {
        throw std::runtime_error("the file ends early");
    }
    T value;
    std::memcpy(&value, file.data() + offset, sizeof(T));
    return value;
}

inline std::string_view piece(const std::string& file, std::uint64_t offset, std::uint64_t size) {
    if (offset > file.size() || file.size() - offset < size) {
        throw std::runtime_error("the file ends early");
    }
    return std::string_view(file).substr(offset, size);
}

} // namespace detail

/// The JSON text of the plugin's note. Throws std::runtime_error when the file is no 64-bit ELF file or has no such
/// note.
inline std::string read_note(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    const std::string file{std::istreambuf_iterator<char>(in), {}};
    const auto head = detail::read_at<Elf64_Ehdr>(file, 0);
    if (std::memcmp(head.e_ident, ELFMAG, SELFMAG) != 0 || head.e_ident[EI_CLASS] != ELFCLASS64) {
        throw std::runtime_error(path + " is not a 64-bit ELF file");
    }
    const auto section = [&](std::size_t i) {
        return detail::read_at<Elf64_Shdr>(file, head.e_shoff + i * head.e_shentsize);
    };
    const auto names = section(head.e_shstrndx);
    for (std::size_t i = 0; i < head.e_shnum; ++i) {
        const auto s = section(i);
        const std::string_view name = detail::piece(file, names.sh_offset + s.sh_name, sizeof(FRL_NOTE_SECTION));
        if (name != std::string_view(FRL_NOTE_SECTION, sizeof(FRL_NOTE_SECTION))) {
            continue;
        }
        const auto note = detail::read_at<Elf64_Nhdr>(file, s.sh_offset);
        const auto owner = detail::piece(file, s.sh_offset + sizeof(note), note.n_namesz);
        if (owner == std::string_view(FRL_NOTE_OWNER, sizeof(FRL_NOTE_OWNER)) && note.n_type == FRL_NOTE_TYPE) {
            const auto padded = (note.n_namesz + 3u) & ~3u;
            return std::string(detail::piece(file, s.sh_offset + sizeof(note) + padded, note.n_descsz));
        }
    }
    throw std::runtime_error(path + " has no note in " FRL_NOTE_SECTION);
}

} // namespace ferrule::testhost
