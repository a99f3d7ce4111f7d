"""Statements as agencies really send them, for the demo, the tests and benchmarks.

Everything untidy in them is meant: titles, merges, subtotals, 万元, many spellings.
"""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from attribution.money import Fen
from attribution.reconciliation.units import read_unit

_HEADS = (
    "序号",
    "房号",
    "客户姓名",
    "签约日期",
    "总价（万元）",
    "应结佣金（元）",
    "备注",
)
_LAST = len(_HEADS) - 1
_DIGITS = "零一二三四五六七八九"


@dataclass(frozen=True, kw_only=True, slots=True)
class SampleLine:
    """One claim of a made-up statement."""

    unit: str
    client: str
    agent: str
    signed_on: date
    price: Fen
    commission: Fen


def untidy_workbook(lines: Sequence[SampleLine], *, title: str) -> bytes:
    """Return an .xlsx with titles, a two-row header, agents merged and subtotalled."""
    target = io.BytesIO()
    workbook = xlsxwriter.Workbook(target, {"in_memory": True})
    style = {
        "title": workbook.add_format({"bold": True, "align": "center"}),
        "date": workbook.add_format({"num_format": "yyyy/m/d"}),
        "middle": workbook.add_format({"valign": "vcenter"}),
    }
    sheet = workbook.add_worksheet("结算明细")
    width = _LAST + 1
    sheet.merge_range(0, 0, 0, width, title, style["title"])
    sheet.merge_range(1, 0, 1, width, "（以下金额均含税，如有疑问请于三日内反馈）")
    _write_head(sheet, style["title"])
    row, number = 5, 1
    for agent, group in groupby(lines, key=lambda line: line.agent):
        claims, first = list(group), row
        for line in claims:
            _write_line(sheet, row, number, line, style["date"])
            row, number = row + 1, number + 1
        _write_agent(sheet, (first, row - 1), agent, style["middle"])
        _write_subtotal(sheet, row, "小计", claims)
        row += 2
    _write_subtotal(sheet, row, "合  计", lines)
    sheet.write_string(row + 2, 0, "制表人：")
    sheet.write_string(row + 2, 4, "审核（盖章）：")
    workbook.close()
    return target.getvalue()


def untidy_csv(lines: Sequence[SampleLine], *, title: str) -> bytes:
    """Return a GB18030 .csv as an older system exports it: marks in its amounts."""
    rows = [
        [title],
        [],
        ["序号", "房源", "客户", "业务员", "成交日期", "成交总价", "佣金"],
    ]
    for number, line in enumerate(lines, start=1):
        spelt = _spelt(line.unit, number + 2)
        on = f"{line.signed_on.year}年{line.signed_on.month}月{line.signed_on.day}日"
        money = [f'"¥{amount / 100:,.2f}"' for amount in (line.price, line.commission)]
        rows.append([str(number), spelt, line.client, line.agent, on, *money])
    total = sum(line.commission for line in lines)
    rows.append(["", "合计", "", "", "", "", f'"¥{total / 100:,.2f}"'])
    return "".join(",".join(row) + "\r\n" for row in rows).encode("gb18030")


def _write_head(sheet: Worksheet, style: Format) -> None:
    """Write a header of two rows: groups above, columns below."""
    sheet.merge_range(3, 0, 4, 0, _HEADS[0], style)
    sheet.merge_range(3, 1, 4, 1, "经纪人", style)
    sheet.merge_range(3, 2, 3, 5, "成交信息", style)
    for column, head in enumerate(_HEADS[1:5], start=2):
        sheet.write_string(4, column, head, style)
    sheet.merge_range(3, 6, 4, 6, _HEADS[5], style)
    sheet.merge_range(3, 7, 4, 7, _HEADS[6], style)


def _write_line(
    sheet: Worksheet, row: int, number: int, line: SampleLine, style: Format
) -> None:
    sheet.write_number(row, 0, number)
    sheet.write_string(row, 2, _spelt(line.unit, number))
    sheet.write_string(row, 3, line.client)
    sheet.write_datetime(row, 4, line.signed_on, style)
    sheet.write_number(row, 5, line.price / 1_000_000)
    if number % 3:
        sheet.write_number(row, 6, line.commission / 100)
    else:
        sheet.write_string(row, 6, f"￥{line.commission / 100:,.2f}")


def _write_agent(
    sheet: Worksheet, span: tuple[int, int], agent: str, style: Format
) -> None:
    first, last = span
    if first == last:
        sheet.write_string(first, 1, agent, style)
    else:
        sheet.merge_range(first, 1, last, 1, agent, style)


def _write_subtotal(
    sheet: Worksheet, row: int, label: str, lines: Sequence[SampleLine]
) -> None:
    sheet.merge_range(row, 0, row, 4, label)
    sheet.write_number(row, 5, sum(line.price for line in lines) / 1_000_000)
    sheet.write_number(row, 6, sum(line.commission for line in lines) / 100)


def _spelt(unit: str, turn: int) -> str:
    """Spell a unit in one of the ways people do; what is no plain unit stays."""
    name = read_unit(unit).name
    if name is None or name.building is None or name.section is None:
        return unit
    building, section, room = name.building, name.section, name.room
    ways = [
        f"{building}栋{section}单元{room}",
        f"{building}#-{section}-{room}",
        f"{building}-{section}-{room}",
        f"{building}号楼{section}单元{room}室",
        f"{building}幢 {section}单元 {room}",
        f"{building}－{section}－{room}".translate(_FULL_WIDTH),
    ]
    if max(building, section) < len(_DIGITS):
        ways.append(f"{_DIGITS[building]}号楼{_DIGITS[section]}单元{room}室")
    return ways[turn % len(ways)]


_FULL_WIDTH = str.maketrans("0123456789", "０１２３４５６７８９")
