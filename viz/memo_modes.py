"""The memo's section on people who react: how they go before and after, and the headline figures of both answers."""

from twin.results.comparison import Comparison
from twin.results.dictionary import HEADLINE, METRICS
from twin.results.mode_shares import rounds_written, shares_written
from twin.results.rows_written import row_written
from twin.wording import Language, Words
from viz.layers import records
from viz.memo_places import PlaceTable

MODE_SHARES = Words("出行方式分担", "How people go")
SHARES_NOTE = Words(
    "统计时段出发的平均日人次；出租车、货车和过境交通不改变方式。",
    "Person trips of an average day that set out in the measured window; taxis, lorries and through traffic stay.",
)
BOTH_ANSWERS = Words("两种回答(全市)", "Both answers, city-wide")
BOTH_HEAD = Words(
    "指标|单位|现状|没有人改变方式|95%区间|出行者改变方式|95%区间",
    "metric|unit|before|nobody changes mode|95 % interval|people react|95 % interval",
)
BOTH_NOTE = Words(
    "变化均与同一现状、同一种子相比；改变方式后开车的不全是同一批人，每次出行的平均值各按当时开车的人计。",
    "Changes against the same before on the same seeds; where people react those who drive are not the same people.",
)


def mode_tables(comparison: Comparison, language: Language) -> list[PlaceTable]:
    """Both answers side by side, and how people go; nothing where people were not asked to react."""
    people = comparison.reacting
    if people is None:
        return [_shares(comparison, language)] if len(comparison.modes) else []
    return [_both(comparison, people, language), _shares(people, language)]


def _both(nobody: Comparison, people: Comparison, language: Language) -> PlaceTable:
    lines = []
    found = [
        {str(row["metric"]): row for row in records(answer.rows[answer.rows["area"] == "city"])}
        for answer in (nobody, people)
    ]
    for metric in HEADLINE:
        if metric in found[0] and metric in found[1]:
            first, second = (row_written(rows[metric], language) for rows in found)
            changes = (first.difference, first.interval, second.difference, second.interval)
            lines.append((METRICS[metric].name.in_(language), first.unit, first.before, *changes))
    head = tuple(BOTH_HEAD.in_(language).split("|"))
    return PlaceTable(BOTH_ANSWERS.in_(language), head, tuple(lines), BOTH_NOTE.in_(language))


def _shares(people: Comparison, language: Language) -> PlaceTable:
    table = shares_written(people.modes, language)
    lines = tuple(tuple(str(cell) for cell in row) for row in table.to_numpy())
    note = f"{SHARES_NOTE.in_(language)} {rounds_written(people.mode_rounds, language)}"
    return PlaceTable(MODE_SHARES.in_(language), tuple(str(name) for name in table.columns), lines, note)
