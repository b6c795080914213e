// Samples for the coroutine-trap check; never compiled. A line with a trap ends with "// TRAP".
asio::awaitable<void> bad(const std::string& s) {
    co_await f(Opt{.name = s}); // TRAP
    co_await asio::co_spawn(ex, [p]() -> asio::awaitable<void> { co_return; }, use); // TRAP
    co_await g([=] { return 1; }); // TRAP
    co_await g([x = std::move(y)] { return x; }); // TRAP
    auto v = co_await h(a ? first : second); // TRAP
    co_await k({"one", "two"}); // TRAP
    co_await k(std::vector<std::string>{"one", "two"}); // TRAP
    if (co_await k(b ? one() : two())) // TRAP
        co_return;
    auto lambda = [&]() -> asio::awaitable<int> {
        co_await f(Opt{.name = s}); // TRAP
        co_return 1;
    };
    for (auto& each : all) {
        use(each);
    }
    co_await f( // the trap stands lines further down
        first,
        Opt{.name = s, .size = 7}); // TRAP
    co_await m(({ int q = 1; q; })); // TRAP
}

asio::awaitable<void> takes(std::string&& text); // TRAP

asio::awaitable<result<int>> good(std::string s, Opt o) {
    const Opt named{.name = s};
    co_await f(named);
    auto work = [p] { return p; };
    co_await g(std::move(work));
    co_await g([&] { return 1; });
    co_await g([this] { return x[i] + y[j]; });
    co_await g([&a, &b](auto handler) { return a ? Opt{.name = b} : Opt{.name = "x"}; });
    auto chosen = a ? first : second;
    co_await h(chosen);
    co_await h(a ? 1 : 2);
    co_await h(a ? left : right); // scalars: both are int
    if (a ? b : c) {
        co_await h(array[3]);
    }
    log::info("x", "text", {{"key", value}});
    co_await h("a ? b : c", '?', R"(Opt{.name = "x"})"); // a ? b : c
    const auto names = std::vector<std::string>{"one", "two"};
    while (!done) {
        co_await latch.wait();
    }
    auto inner = [p]() -> asio::awaitable<void> { co_await h(p); };
    switch (x) {
    case 1:
        co_await h(error("code", "text"));
        break;
    }
    struct on_exit {
        bool& flag;
    };
    const on_exit mark{flag};
    co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    co_return co_await h(std::move(o));
}

template <class Stream>
asio::awaitable<void> bad_conditions(Stream from) {
    while (co_await from.next()) { // TRAP
        if (!co_await from.use()) // TRAP
            break;
    }
    if (auto got = co_await from.next(); got) // TRAP
        co_return;
    for (int i = 0; i < co_await from.size(); ++i) { // TRAP
        use(i);
    }
    do {
        use(from);
    } while (a && !(co_await from.next())); // TRAP
    auto inner = [&]() -> asio::awaitable<void> {
        if (co_await from.next()) // TRAP
            co_return;
    };
}

template <class T>
requires requires(T each) { each.next(); }
class holder {
    asio::awaitable<void> run() {
        switch (co_await next()) { // TRAP
        default:
            co_return;
        }
    }
};

asio::awaitable<void> short_template(auto from) {
    if (co_await from.next()) // TRAP
        co_return;
}

asio::awaitable<void> with_generic_lambdas() {
    auto one = [](auto& from) -> asio::awaitable<void> {
        while (co_await from.next()) // TRAP
            use(from);
    };
    auto two = []<class T>(T from) -> asio::awaitable<void> {
        if (co_await from.next()) // TRAP
            co_return;
    };
    if (co_await next()) // not a template
        co_return;
}

template <class Stream>
asio::awaitable<void> good_conditions(Stream from) {
    for (;;) {
        const auto more = co_await from.next();
        if (!more)
            break;
        co_await from.use();
    }
    for (auto first = co_await from.first(); first != last; ++first) {
        co_await h(first);
    }
    if (ready(from)) {
        co_await from.next();
    }
    while (wait([&]() -> asio::awaitable<void> { co_await from.next(); }))
        use(from);
}

template <class T>
struct forward;

template <class T>
T made(T from = {});

asio::awaitable<void> after_templates_without_a_body() {
    if (co_await next())
        co_return;
    for (auto& each : all) {
        const auto one = co_await each;
        if (co_await one.next())
            co_return;
    }
}
