#!/usr/bin/env python3
"""Finds full expressions with co_await that GCC 12 compiles into a double free or a use after free, without a warning.

Such an expression must not contain a designated initialiser, a lambda that captures by value, a `?:`, a braced list that begins with a string, or a
statement expression; and a coroutine must not take a parameter by `&&`. In a template (a generic lambda is one) no condition may contain co_await: its
temporary is laid over the frame's own resume pointer. The remedy is always the same: name the value on a line of its own first. Where a
`?:` chooses between plain numbers, a comment `// scalars` on its line says so.

usage: coroutine_traps.py ROOT | FILE...
"""
import dataclasses
import pathlib
import re
import sys

TOKEN = re.compile(
    r"""
    (?P<skip> //[^\n]* | /\*.*?\*/ | \s+ | ^[ \t]*\#(?:[^\n\\]|\\.)*$ )
  | (?P<string> (?:u8|[uUL])?R"(?P<d>[^()\s\\]{0,16})\(.*?\)(?P=d)" | (?:u8|[uUL])?"(?:\\.|[^"\\\n])*" )
  | (?P<char> '(?:\\.|[^'\\\n])+' )
  | (?P<word> [A-Za-z_]\w* )
  | (?P<number> \.?\d(?:[\w.]|'\d|[eEpP][+-])* )
  | (?P<punct> ->|::|&&|\|\||[{}()\[\];,.?:=&*<>!+\-/%^|~@\\$\#`] )
    """,
    re.VERBOSE | re.DOTALL | re.MULTILINE,
)
CLOSING = {")": "(", "]": "[", "}": "{"}
OPENING = {"(": ")", "[": "]", "{": "}"}
CONDITION = {"if", "while", "for", "switch", "constexpr"}
# What may follow the brace that ends a value, so that the brace does not end a statement.
CONTINUES = {".", ",", ")", "]", "->", ";", "?", ":", "(", "[", "}", "=", "&&", "||", "+", "-", "*", "<", ">"}
BLOCK_BEFORE = {")", ";", "{", "}", "else", "do", "try", "mutable", "noexcept", "const", "override", "final"}


@dataclasses.dataclass
class token:
    kind: str
    text: str
    line: int
    comment_after: bool = False


def tokens_of(source: str) -> list[token]:
    found, at = [], 0
    while at < len(source):
        match = TOKEN.match(source, at)
        if match is None:
            at += 1
            continue
        kind = match.lastgroup if match.lastgroup != "d" else "string"
        if kind == "skip":
            if match[0].startswith("//") and "scalars" in match[0] and found:
                found[-1].comment_after = True
        else:
            found.append(token(kind, match[0], source.count("\n", 0, at) + 1))
        at = match.end()
    return found


def pairs_of(tokens: list[token]) -> dict[int, int]:
    """The index of each bracket's partner; angle brackets are not brackets here."""
    pairs, open_ = {}, []
    for i, each in enumerate(tokens):
        if each.kind != "punct":
            continue
        if each.text in OPENING:
            open_.append(i)
        elif each.text in CLOSING and open_ and tokens[open_[-1]].text == CLOSING[each.text]:
            pairs[i] = open_.pop()
            pairs[pairs[i]] = i
    return pairs


def is_block(tokens: list[token], brace: int) -> bool:
    """Whether a `{` begins statements rather than a value."""
    before = tokens[brace - 1] if brace > 0 else None
    if before is None or before.text in BLOCK_BEFORE:
        return True
    if before.text == "]":
        return True  # a lambda without parameters
    # `-> type {`: a trailing return type ends at the arrow after a `)`.
    for i in range(brace - 1, max(-1, brace - 16), -1):
        text = tokens[i].text
        if text == "->":
            return i > 0 and tokens[i - 1].text in {")", "mutable", "noexcept"}
        if tokens[i].kind != "word" and text not in {"::", "<", ">", ",", "*", "&"}:
            break
    words = [tokens[i].text for i in range(max(0, brace - 8), brace)]
    return any(word in {"namespace", "class", "struct", "union", "enum"} for word in words)


def is_lambda(tokens: list[token], bracket: int) -> bool:
    if bracket == 0:
        return True
    before = tokens[bracket - 1]
    if before.text in {"]", ")", "["}:
        return False
    return not (before.kind == "word" and before.text not in {"return", "co_return", "co_await", "co_yield"}) and before.kind not in {"string"}


def expression_around(tokens: list[token], pairs: dict[int, int], at: int) -> tuple[int, int]:
    """The full expression that holds the token at `at`, as a half-open range."""
    begin = at
    while begin > 0:
        before = begin - 1
        text = tokens[before].text
        if tokens[before].kind != "punct":
            begin = before
        elif text == ";":
            break
        elif text == "}":
            if before not in pairs or tokens[begin].text not in CONTINUES:
                break
            begin = pairs[before]
        elif text in CLOSING:
            begin = pairs.get(before, before)
        elif text == "{":
            if is_block(tokens, before):
                break
            begin = before
        elif text == "(":
            if before > 0 and tokens[before - 1].text in CONDITION:
                break
            begin = before
        else:
            begin = before
    end = at
    while end < len(tokens):
        text = tokens[end].text
        if tokens[end].kind == "punct":
            if text == ";":
                break
            if text in OPENING and end in pairs:
                end = pairs[end] + 1
                continue
            if text in CLOSING and pairs.get(end, -1) < begin:
                break
        end += 1
    return begin, end


def faults_in(tokens: list[token], pairs: dict[int, int], begin: int, end: int):
    i = begin
    while i < end:
        each = tokens[i]
        if each.kind == "punct":
            following = tokens[i + 1] if i + 1 < end else None
            if each.text == "[" and is_lambda(tokens, i) and i in pairs:
                captures = "".join(t.text + " " for t in tokens[i + 1 : pairs[i]])
                for capture in filter(None, (c.strip() for c in captures.split(","))):
                    if not capture.startswith("&") and capture != "this":
                        yield each.line, f"a lambda captures `{capture.strip()}` by value"
                        break
                # What stands in its body is another function's.
                j = pairs[i] + 1
                while j < end and tokens[j].text != "{":
                    j = pairs.get(j, j) + 1
                i = pairs.get(j, j)
            elif each.text == "{" and following is not None:
                if following.text == "." and i + 3 < end and tokens[i + 3].text == "=":
                    yield each.line, "a temporary has designated initialisers"
                elif following.kind == "string":
                    yield each.line, "a braced list begins with a string"
                elif i > begin and tokens[i - 1].text == "(" and is_statement(tokens, pairs, i):
                    yield each.line, "a statement expression"
            elif each.text == "?" and not scalar_choice(tokens, i, end):
                yield each.line, "a `?:` chooses between values"
        i += 1


def is_statement(tokens: list[token], pairs: dict[int, int], brace: int) -> bool:
    return brace in pairs and any(t.text == ";" for t in tokens[brace + 1 : pairs[brace]])


def scalar_choice(tokens: list[token], question: int, end: int) -> bool:
    """`? 1 : 2`, or a remark that says so."""
    line = tokens[question].line
    if any(t.comment_after and t.line == line for t in tokens):
        return True
    simple = [t.kind == "number" or t.text in {"true", "false", "nullptr"} for t in tokens[question + 1 : question + 4 : 2]]
    return len(simple) == 2 and all(simple) and tokens[question + 2].text == ":"


def parameter_faults(tokens: list[token], pairs: dict[int, int]):
    for i, each in enumerate(tokens):
        if each.text not in {"awaitable", "task"} or i + 1 >= len(tokens) or tokens[i + 1].text != "<":
            continue
        depth, j = 0, i + 1
        while j < len(tokens):
            depth += {"<": 1, ">": -1}.get(tokens[j].text, 0)
            j += 1
            if depth == 0:
                break
        while j < len(tokens) and (tokens[j].kind == "word" or tokens[j].text == "::"):
            j += 1
        if j < len(tokens) and tokens[j].text == "(" and tokens[j - 1].kind == "word" and j in pairs:
            for k in range(j + 1, pairs[j]):
                if tokens[k].text == "&&":
                    yield tokens[k].line, "a coroutine takes a parameter by `&&`; take it by value"


def after_angles(tokens: list[token], at: int) -> int:
    """The index behind the `>` that belongs to the `<` at `at`."""
    depth = 0
    while at < len(tokens):
        depth += {"<": 1, ">": -1}.get(tokens[at].text, 0)
        at += 1
        if depth == 0:
            break
    return at


def body_from(tokens: list[token], pairs: dict[int, int], at: int) -> tuple[int, int] | None:
    """The braces of the entity whose declaration goes on at `at`; none when it has no body."""
    needs = False
    while at < len(tokens):
        text = tokens[at].text
        if text in {";", ",", ")"}:
            return None
        if text == "{" and not needs:
            return (at, pairs[at]) if at in pairs else None
        if text in OPENING and at in pairs:
            needs = needs and text == "("  # `requires (T x) { … }`
            at = pairs[at]
        elif text == "requires":
            needs = at + 1 < len(tokens) and (tokens[at + 1].text == "{" or (tokens[at + 1].text == "(" and tokens[pairs.get(at + 1, at) + 1].text == "{"))
        at += 1
    return None


def template_bodies(tokens: list[token], pairs: dict[int, int]):
    """Everything that is compiled once for each set of types: templates, functions and lambdas with parameters of type auto."""
    for i, each in enumerate(tokens):
        body = None
        following = tokens[i + 1].text if i + 1 < len(tokens) else ""
        if each.text == "template" and following == "<":
            body = body_from(tokens, pairs, after_angles(tokens, i + 1))
        elif each.text == "[" and following != "[" and i in pairs and pairs[i] + 1 < len(tokens) and tokens[pairs[i] + 1].text == "<":
            body = body_from(tokens, pairs, after_angles(tokens, pairs[i] + 1)) if is_lambda(tokens, i) else None
        elif each.text == "(" and i in pairs and i > 0 and tokens[i - 1].text not in CONDITION | {"catch"}:
            takes = any(t.text == "auto" for t in tokens[i + 1 : pairs[i]])
            body = body_from(tokens, pairs, pairs[i] + 1) if takes and (tokens[i - 1].kind == "word" or tokens[i - 1].text == "]") else None
        if body is not None:
            yield body


def is_in_condition(tokens: list[token], pairs: dict[int, int], at: int) -> bool:
    """Whether the token at `at` stands in the parentheses of an `if`, `while` or `switch`, or in a `for` behind its first part."""
    begin = at
    while begin > 0:
        begin -= 1
        text = tokens[begin].text
        if tokens[begin].kind != "punct":
            continue
        if text in CLOSING:
            begin = pairs.get(begin, begin)
        elif text == "{" and is_block(tokens, begin):
            return False
        elif text == "(" and begin > 0 and tokens[begin - 1].text in CONDITION:
            return tokens[begin - 1].text != "for" or any(t.text == ";" for t in tokens[begin:at])
    return False


def condition_faults(tokens: list[token], pairs: dict[int, int]):
    bodies = list(template_bodies(tokens, pairs))
    for i, each in enumerate(tokens):
        if each.text == "co_await" and any(first < i < last for first, last in bodies) and is_in_condition(tokens, pairs, i):
            yield each.line, "a condition in a template contains co_await; name its result on a line of its own first"


def check_file(file: pathlib.Path) -> list[str]:
    tokens = tokens_of(file.read_text(errors="replace"))
    pairs = pairs_of(tokens)
    found, seen = set(parameter_faults(tokens, pairs)) | set(condition_faults(tokens, pairs)), set()
    for i, each in enumerate(tokens):
        if each.kind == "word" and each.text == "co_await":
            where = expression_around(tokens, pairs, i)
            if where not in seen:
                seen.add(where)
                found |= {(line, why + " in an expression with co_await; name it on a line of its own first") for line, why in faults_in(tokens, pairs, *where)}
    return [f"{file}:{line}: {why}" for line, why in sorted(found)]


def check(root: pathlib.Path) -> list[str]:
    faults = []
    for top in ("core", "plugins", "plugin-api", "tests", "bench", "examples"):
        for file in sorted((root / top).rglob("*")):
            if file.suffix in {".cpp", ".hpp", ".ipp"} and "house" not in file.parts:
                faults += check_file(file)
    return faults


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    paths = [pathlib.Path(each) for each in sys.argv[1:]]
    problems = [fault for path in paths for fault in (check(path) if path.is_dir() else check_file(path))]
    print("\n".join(problems))
    sys.exit(1 if problems else 0)
