#include "http_load/options.hpp"

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <map>
#include <string_view>

namespace ferrule::bench {

namespace {

constexpr std::string_view usage =
    "usage: http_load --port N (--seconds S | --requests N) [--host A] [--connections N] [--warm-up S] [--method M]\n"
    "                 [--path P] [--token-file F] [--bodies F] [--expect TEXT]\n"
    "Loads an HTTP/1.1 server over kept connections, each with one request at a time, and prints a line of JSON.\n"
    "--bodies: a file with one JSON body a line, taken in turn; --expect: what every answer must contain.\n";

[[noreturn]] void refuse(const std::string& why) {
    std::fprintf(stderr, "http_load: %s\n%.*s", why.c_str(), static_cast<int>(usage.size()), usage.data());
    std::exit(2);
}

std::vector<std::string> lines_of(const std::string& path) {
    std::ifstream file(path);
    if (!file)
        refuse("cannot read " + path);
    std::vector<std::string> lines;
    for (std::string line; std::getline(file, line);)
        if (!line.empty())
            lines.push_back(line);
    return lines;
}

double number(const std::string& name, const std::string& text) {
    char* end = nullptr;
    const double value = std::strtod(text.c_str(), &end);
    if (end == text.c_str() || *end != '\0' || value < 0)
        refuse("--" + name + " wants a number, not \"" + text + "\"");
    return value;
}

} // namespace

load_options read_options(int argc, char** argv) {
    std::map<std::string, std::string> given{{"host", "127.0.0.1"}, {"port", "0"},     {"connections", "1"},
                                             {"seconds", "0"},      {"requests", "0"}, {"warm-up", "0"},
                                             {"method", "GET"},     {"path", "/"},     {"token-file", ""},
                                             {"bodies", ""},        {"expect", ""}};
    for (int i = 1; i < argc; i += 2) {
        const std::string name = std::strncmp(argv[i], "--", 2) == 0 ? argv[i] + 2 : "";
        if (!given.contains(name) || i + 1 == argc)
            refuse(std::string("what is \"") + argv[i] + "\"?");
        given[name] = argv[i + 1];
    }
    load_options read;
    read.host = given["host"];
    read.port = static_cast<std::uint16_t>(number("port", given["port"]));
    read.connections = static_cast<std::size_t>(number("connections", given["connections"]));
    read.seconds = number("seconds", given["seconds"]);
    read.requests = static_cast<std::size_t>(number("requests", given["requests"]));
    read.warm_up = number("warm-up", given["warm-up"]);
    read.expect = given["expect"];
    if (read.port == 0 || read.connections == 0 || (read.seconds > 0) == (read.requests > 0))
        refuse("give --port, and one of --seconds and --requests");

    std::string head = given["method"] + " " + given["path"] + " HTTP/1.1\r\nHost: " + given["host"] + "\r\n";
    if (!given["token-file"].empty())
        head += "Authorization: Bearer " + lines_of(given["token-file"]).at(0) + "\r\n";
    if (given["bodies"].empty()) {
        read.messages.push_back(head + "\r\n");
        return read;
    }
    for (const auto& body : lines_of(given["bodies"]))
        read.messages.push_back(head + "Content-Type: application/json\r\nContent-Length: " +
                                std::to_string(body.size()) + "\r\n\r\n" + body);
    if (read.messages.empty())
        refuse(given["bodies"] + " is empty");
    return read;
}

} // namespace ferrule::bench
