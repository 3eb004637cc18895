#!/usr/bin/env python3
"""Draws docs/terminal.svg: what the program prints, in its own colours.

    docs/terminal.py [--check] [BINARY]

runs the binary (target/release/tidegate unless another is named) on examples/pull-request and writes the picture;
nothing in it is made up. Run it again whenever the output changes. With --check it writes nothing and exits with 1 if
the picture is stale. Needs nothing but Python 3.8.
"""

import os
import re
import subprocess
import sys
import unicodedata
from xml.sax.saxutils import escape

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
PICTURE = os.path.join(ROOT, "docs", "terminal.svg")
FOLDER = os.path.join(ROOT, "examples", "pull-request")
ARGUMENTS = ["check", "--quiet", "--base", "base", "--head", "head"]

# The size of a character, and the colours of a quiet dark terminal.
WIDTH, HEIGHT, FONT, MARGIN, BAR = 7.85, 18, 13, 16, 34
GROUND, TEXT = "#0d1117", "#c9d1d9"
COLOURS = {
    30: "#484f58", 31: "#ff7b72", 32: "#3fb950", 33: "#d29922", 34: "#58a6ff", 35: "#bc8cff", 36: "#39c5cf", 37: "#b1bac4",
    90: "#6e7681", 91: "#ff7b72", 92: "#56d364", 93: "#e3b341", 94: "#79c0ff", 95: "#d2a8ff", 96: "#56d4dd", 97: "#ffffff",
}
LINK = re.compile(r"\x1b\]8;;[^\x1b]*\x1b\\")
STYLE = re.compile(r"\x1b\[([0-9;]*)m")


def runs(line, style):
    """The parts of a line with one style each, and the style after it."""
    parts, at = [], 0
    for found in STYLE.finditer(line):
        if found.start() > at:
            parts.append((line[at : found.start()], style))
        at = found.end()
        for code in found.group(1).split(";"):
            number = int(code or 0)
            bold, colour = style
            if number == 0:
                style = (False, None)
            elif number == 1:
                style = (True, colour)
            elif number == 22:
                style = (False, colour)
            elif number == 39:
                style = (bold, None)
            elif number in COLOURS:
                style = (bold, COLOURS[number])
            else:
                sys.exit(f"terminal.py does not know the style {number}")
    if at < len(line):
        parts.append((line[at:], style))
    return parts, style


def columns(text):
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)


def draw(lines):
    drawn, style, widest = [], (False, None), 0
    for number, line in enumerate(lines):
        parts, style = runs(LINK.sub("", line), style)
        y = BAR + MARGIN + number * HEIGHT + FONT
        column, spans = 0, []
        for text, (bold, colour) in parts:
            shown = text.strip()
            if shown:
                start = column + columns(text) - columns(text.lstrip())
                attributes = f' x="{MARGIN + start * WIDTH:.2f}"'
                # Where another font is wider or narrower, carets still stand where they belong.
                attributes += f' textLength="{columns(shown) * WIDTH:.2f}"'
                attributes += ' font-weight="bold"' if bold else ""
                attributes += f' fill="{colour}"' if colour else ""
                spans.append(f"<tspan{attributes}>{escape(shown)}</tspan>")
            column += columns(text)
        widest = max(widest, column)
        if spans:
            drawn.append(f'<text y="{y}">{"".join(spans)}</text>')
    width = round(2 * MARGIN + widest * WIDTH)
    height = BAR + 2 * MARGIN + len(lines) * HEIGHT
    dots = "".join(
        f'<circle cx="{20 + 20 * index}" cy="17" r="6" fill="{colour}"/>'
        for index, colour in enumerate(["#ff5f56", "#ffbd2e", "#27c93f"])
    )
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" role="img">',
            "<title>tidegate on a pull request</title>",
            f'<rect width="{width}" height="{height}" rx="8" fill="{GROUND}"/>',
            dots,
            f'<g font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, \'DejaVu Sans Mono\', monospace" font-size="{FONT}" fill="{TEXT}" xml:space="preserve" style="white-space: pre">',
            *drawn,
            "</g>",
            "</svg>",
            "",
        ]
    )


def main():
    arguments = [argument for argument in sys.argv[1:] if argument != "--check"]
    binary = os.path.abspath(arguments[0]) if arguments else os.path.join(ROOT, "target", "release", "tidegate")
    answer = subprocess.run(
        [binary, *ARGUMENTS, "--color", "always"], cwd=FOLDER, env={}, stdout=subprocess.PIPE, check=False
    )
    if answer.returncode != 1:
        sys.exit(f"the example blocks, but the program ended with {answer.returncode}")
    prompt = "\x1b[1;32m$\x1b[0m \x1b[1mtidegate " + " ".join(ARGUMENTS) + "\x1b[0m"
    picture = draw([prompt, *answer.stdout.decode().rstrip("\n").split("\n")])
    if "--check" in sys.argv[1:]:
        with open(PICTURE, encoding="utf-8") as file:
            if file.read() != picture:
                sys.exit("docs/terminal.svg is stale: run docs/terminal.py")
        return
    with open(PICTURE, "w", encoding="utf-8", newline="\n") as file:
        file.write(picture)


main()
