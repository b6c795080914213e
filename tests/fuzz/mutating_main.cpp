// Runs a fuzzer without libFuzzer: every file of its corpus, then so many mutations of them, the same ones each time.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <random>
#include <string>
#include <string_view>
#include <vector>

using namespace std::string_view_literals;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

constexpr std::size_t longest = 16384;

void run(const std::string& input) {
    // A copy of exactly its size, so that AddressSanitizer sees a read past the end.
    const std::vector<std::uint8_t> bytes(input.begin(), input.end());
    LLVMFuzzerTestOneInput(bytes.data(), bytes.size());
}

class mutator {
  public:
    explicit mutator(const std::vector<std::string>& corpus)
        : corpus_(corpus) {}

    std::string next() {
        auto input = corpus_[below(corpus_.size())];
        for (auto steps = 1 + below(4); steps > 0; --steps)
            change(input);
        input.resize(std::min(input.size(), longest));
        return input;
    }

  private:
    std::size_t below(std::size_t limit) { return std::uniform_int_distribution<std::size_t>(0, limit - 1)(random_); }

    char byte() {
        constexpr auto special = "\0\n\t \"'{}[]:,&*!|>%@`#-0\x7f\xff"sv;
        return below(2) == 0 ? special[below(special.size())] : static_cast<char>(below(256));
    }

    void change(std::string& input) {
        const auto at = below(input.size() + 1);
        const auto count = std::min(below(32) + 1, input.size() - at);
        switch (below(6)) {
        case 0:
            input.erase(at, count);
            break;
        case 1:
            input.insert(at, 1 + below(4), byte());
            break;
        case 2:
            if (at < input.size())
                input[at] = byte();
            break;
        case 3: { // a piece of itself, again
            const auto piece = input.substr(at, count);
            input.insert(below(input.size() + 1), piece);
            break;
        }
        case 4: { // a piece of another one
            const auto& other = corpus_[below(corpus_.size())];
            input.insert(at, other.substr(below(other.size() + 1), 1 + below(64)));
            break;
        }
        default:
            input.resize(at);
            break;
        }
    }

    const std::vector<std::string>& corpus_;
    std::mt19937 random_{20260102}; // NOLINT: the same inputs in each run are what is wanted
};

} // namespace

int main(int count, char** arguments) {
    if (count != 3) {
        std::cerr << "usage: " << arguments[0] << " RUNS CORPUS\n";
        return 2;
    }
    std::vector<std::filesystem::path> files;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(arguments[2]))
        if (entry.is_regular_file())
            files.push_back(entry.path());
    std::sort(files.begin(), files.end());
    if (files.empty()) {
        std::cerr << arguments[2] << ": there is no corpus\n";
        return 1;
    }
    std::vector<std::string> corpus;
    for (const auto& file : files) {
        std::ifstream in(file, std::ios::binary);
        corpus.emplace_back(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
        run(corpus.back());
    }
    run({});
    mutator mutations(corpus);
    const auto runs = std::strtoul(arguments[1], nullptr, 10);
    for (unsigned long i = 0; i < runs; ++i)
        run(mutations.next());
    std::cout << corpus.size() << " inputs, " << runs << " mutations\n";
    return 0;
}
