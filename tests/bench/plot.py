"""Line plots as SVG, without any library."""
import math
from xml.sax.saxutils import escape

from report import TITLES

WIDTH, HEIGHT = 460, 300
LEFT, RIGHT, TOP, BOTTOM = 62, 16, 46, 46
COLOURS = {"bare": "#777777", "litestream": "#c2571a", "streamd": "#1a66c2"}


def ticks(highest, most=5):
    """Round numbers from 0 up to at least `highest`."""
    if highest <= 0:
        return [0, 1]
    step = 10 ** math.floor(math.log10(highest / most))
    step = next(step * factor for factor in (1, 2, 5, 10) if step * factor * most >= highest)
    return [step * number for number in range(math.ceil(highest / step - 1e-9) + 1)]


def number(value):
    return f"{value:,.0f}" if value >= 1000 else f"{value:g}"


class Axes:
    """From figures to places: x by its logarithm (the steps are multiples), y from zero."""

    def __init__(self, xs, ys):
        self.low, self.high = math.log(min(xs)), math.log(max(xs))
        self.y_ticks = ticks(max(ys))

    def x(self, value):
        share = (math.log(value) - self.low) / (self.high - self.low) if self.high > self.low else .5
        return LEFT + share * (WIDTH - LEFT - RIGHT)

    def y(self, value):
        return HEIGHT - BOTTOM - value / self.y_ticks[-1] * (HEIGHT - TOP - BOTTOM)


def text(x, y, words, anchor="middle", extra=""):
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{extra}>{escape(words)}</text>'


def grid(axes, xs):
    parts = []
    for value in axes.y_ticks:
        y = axes.y(value)
        parts.append(f'<line x1="{LEFT}" y1="{y:.1f}" x2="{WIDTH - RIGHT}" y2="{y:.1f}" stroke="#dddddd"/>')
        parts.append(text(LEFT - 6, y + 4, number(value), "end"))
    parts += [text(axes.x(value), HEIGHT - BOTTOM + 16, number(value)) for value in xs]
    return parts


def line(axes, subject, points, place):
    colour = COLOURS[subject]
    path = " ".join(f"{axes.x(x):.1f},{axes.y(y):.1f}" for x, y in points)
    parts = [f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>']
    parts += [f'<circle cx="{axes.x(x):.1f}" cy="{axes.y(y):.1f}" r="3" fill="{colour}"/>' for x, y in points]
    parts.append(text(LEFT + 150 * place, 36, TITLES[subject], "start", f' fill="{colour}" font-weight="bold"'))
    return parts


def svg(series):
    """One plot; `series` is a dict as in the results (report.Series)."""
    xs = sorted({x for points in series["points"].values() for x, _ in points})
    axes = Axes(xs, [y for points in series["points"].values() for _, y in points])
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" '
             'font-family="sans-serif" font-size="11">',
             f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
             text(LEFT, 18, series["title"], "start", ' font-size="14"'),
             text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 8, series["x_label"]),
             text(14, (TOP + HEIGHT - BOTTOM) / 2, series["y_label"],
                  extra=f' transform="rotate(-90 14 {(TOP + HEIGHT - BOTTOM) / 2:.0f})"')]
    parts += grid(axes, xs)
    for place, (subject, points) in enumerate(series["points"].items()):
        parts += line(axes, subject, points, place)
    return "\n".join([*parts, "</svg>"]) + "\n"
