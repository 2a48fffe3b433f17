"""Draws plots as SVG, without a library: measured points, the line that theory predicts, and axes."""

import math
from dataclasses import dataclass, field

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 640, 400, 70, 20, 40, 50
COLOURS = ("#0b6e99", "#c2571a", "#5a8f29")


@dataclass
class Plot:
    title: str
    x_label: str
    y_label: str
    logarithmic: bool = False
    series: list = field(default_factory=list)  # (name, [(x, y)], theory)

    def add(self, name, points, theory):
        """Adds measured points, and the function that theory predicts for them."""
        self.series.append((name, points, theory))

    def svg(self):
        xs = [x for _, points, _ in self.series for x, _ in points]
        ys = [y for _, points, _ in self.series for _, y in points]
        x_axis = Axis(xs, LEFT, WIDTH - RIGHT, self.logarithmic)
        y_axis = Axis(ys, HEIGHT - BOTTOM, TOP, self.logarithmic)
        parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" '
                 'font-size="12">', f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
                 text(WIDTH / 2, 20, self.title, "middle", 14), text(WIDTH / 2, HEIGHT - 10, self.x_label, "middle"),
                 f'<g transform="rotate(-90 16 {HEIGHT / 2})">{text(16, HEIGHT / 2, self.y_label, "middle")}</g>']
        for value in x_axis.ticks():
            parts += [line([(x_axis(value), TOP), (x_axis(value), HEIGHT - BOTTOM)], "#dddddd"),
                      text(x_axis(value), HEIGHT - BOTTOM + 18, f"{value:g}", "middle")]
        for value in y_axis.ticks():
            parts += [line([(LEFT, y_axis(value)), (WIDTH - RIGHT, y_axis(value))], "#dddddd"),
                      text(LEFT - 6, y_axis(value) + 4, f"{value:g}", "end")]
        for i, (name, points, theory) in enumerate(self.series):
            colour = COLOURS[i % len(COLOURS)]
            expected = [(x, theory(x)) for x in x_axis.between(min(x for x, _ in points), max(x for x, _ in points))]
            parts.append(line([(x_axis(x), y_axis(y)) for x, y in expected], colour, dashed=True))
            parts += [f'<circle cx="{x_axis(x):.1f}" cy="{y_axis(y):.1f}" r="4" fill="{colour}"/>' for x, y in points]
            parts.append(f'<circle cx="{LEFT + 16}" cy="{TOP + 14 + 18 * i}" r="4" fill="{colour}"/>')
            parts.append(text(LEFT + 26, TOP + 18 + 18 * i, name, "start"))
        return "\n".join(parts + ["</svg>"]) + "\n"


class Axis:
    """Maps values to pixels."""

    def __init__(self, values, begin, end, logarithmic):
        self.logarithmic, self.begin, self.end = logarithmic, begin, end
        self.low = 2 ** math.floor(math.log2(min(values))) if logarithmic else 0
        self.high = 2 ** math.ceil(math.log2(max(values))) if logarithmic else max(values) * 1.05

    def scale(self, value):
        return math.log2(value) if self.logarithmic else value

    def __call__(self, value):
        share = (self.scale(value) - self.scale(self.low)) / (self.scale(self.high) - self.scale(self.low))
        return self.begin + share * (self.end - self.begin)

    def ticks(self):
        if self.logarithmic:
            count = round(math.log2(self.high / self.low))
            return [self.low * 2**i for i in range(0, count + 1, math.ceil(count / 8))]
        step = 10 ** math.floor(math.log10(self.high / 2))
        step *= next(factor for factor in (1, 2, 5, 10) if self.high / (step * factor) <= 8)
        return [step * i for i in range(int(self.high / step) + 1)]

    def between(self, low, high, count=50):
        for i in range(count + 1):
            share = i / count
            yield low * (high / low) ** share if self.logarithmic else low + (high - low) * share


def text(x, y, content, anchor, size=12):
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}">{content}</text>'


def line(points, colour, dashed=False):
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    dash = ' stroke-dasharray="5 4"' if dashed else ""
    return f'<polyline points="{path}" fill="none" stroke="{colour}"{dash}/>'


def fit(points, *functions):
    """Fits a linear combination of one or two functions to the points, by least squares of the relative errors."""
    rows = [([f(x) / y for f in functions], x, y) for x, y in points]
    if len(functions) == 1:
        weight = sum(r[0] for r, _, _ in rows) / sum(r[0] ** 2 for r, _, _ in rows)
        return lambda x: weight * functions[0](x)
    aa, ab, bb = (sum(r[i] * r[j] for r, _, _ in rows) for i, j in ((0, 0), (0, 1), (1, 1)))
    a, b = (sum(r[i] for r, _, _ in rows) for i in (0, 1))
    determinant = aa * bb - ab * ab
    first, second = (a * bb - b * ab) / determinant, (aa * b - ab * a) / determinant
    return lambda x: first * functions[0](x) + second * functions[1](x)
