"""Which row is the header and which column means what, found among title rows.

Source: docs/specs/reconciliation.md §5.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from attribution.errors import StatementUnreadable
from attribution.reconciliation.cells import SCALES, masked, plain_text, shown
from attribution.reconciliation.statement import (
    Cell,
    CellKind,
    ChosenSheet,
    Column,
    ColumnChoice,
    ProposedColumn,
    SheetCells,
    SheetProposal,
)

COLUMN_AMBIGUOUS = "COLUMN_AMBIGUOUS"
SEARCHED_ROWS = 50
SEARCHED_COLUMNS = 256
LONGEST_HEADER = 200  # characters; a longer text is a remark, and no name of a column
SHOWN_ROWS = 4  # below the header, when a person is asked
PREVIEWED_ROWS = 12  # from the top, to find the header among
DEEPEST_HEADER = 3  # rows of one header: group, column, unit of measure

# The words of each column, the surest first.
SYNONYMS: Mapping[Column, tuple[str, ...]] = {
    Column.UNIT: (
        "房号", "房间号", "房屋编号", "房源号", "房源编号", "房源", "房间", "单元号",
        "户号", "室号", "门牌号", "成交房源", "成交房号", "认购房号", "签约房号",
        "物业名称", "单元", "房屋坐落", "UNIT", "UNITNO", "UNITNO.", "ROOM", "ROOMNO",
        "ROOMNO.",
    ),
    Column.BUILDING: (
        "楼栋", "栋号", "楼号", "楼栋号", "幢号", "座栋", "楼座", "栋", "幢",
        "BUILDING",
    ),
    Column.SECTION: (
        "单元", "单元号", "门号",
    ),
    Column.PRICE: (
        "成交总价", "合同总价", "成交价", "总价", "合同金额", "成交金额", "签约总价",
        "签约金额", "认购总价", "认购金额", "房屋总价", "房款", "总房款", "成交总额",
        "合同价", "网签价", "网签金额", "签约价", "房款总额", "PRICE",
        "CONTRACTPRICE",
    ),
    # What is asked for now, before what was earned in all.
    Column.AMOUNT: (
        "本次应结佣金", "本期应结佣金", "本次结算佣金", "本期结算佣金",
        "本次结佣", "本期结佣", "本次结算", "本期结算", "本次应结", "本期应结",
        "请款金额", "申请金额", "应结佣金", "应付佣金", "应结金额", "应付金额",
        "结算佣金", "结算金额", "结佣金额", "佣金金额", "渠道佣金", "佣金总额",
        "应收佣金", "代理费", "服务费", "渠道费", "分销佣金", "佣金", "应结",
        "应付", "COMMISSION", "AMOUNT", "FEE",
    ),
    Column.CLIENT: (
        "客户姓名", "客户名称", "客户", "购房人", "买受人", "业主姓名", "业主",
        "买方", "姓名", "CLIENT", "BUYER", "CUSTOMER",
    ),
    Column.AGENT: (
        "经纪人", "经纪人姓名", "业务员", "置业顾问", "成交经纪人", "销售员",
        "销售人员", "渠道人员", "带看人", "推荐人", "AGENT", "BROKER",
    ),
    Column.SIGNED_ON: (
        "签约日期", "签约时间", "成交日期", "成交时间", "认购日期", "认购时间",
        "网签日期", "合同日期", "日期", "SIGNEDON", "DATE", "SIGNINGDATE",
    ),
}  # fmt: skip
# Words with which a column of money or of units is about something else.
FOREIGN = re.compile(
    "比例|费率|点数|点位|%|税额|税率|已付|已结|已收|已发|未付|未结|剩余|累计|扣|面积|单价"
    "|备注|说明|电话|手机|证件|身份证|账号|状态|类型|户型|差额|发票|公司|门店|套数"
)
_GENERIC = {"金额", "本期", "本次", "合计", "小计", "元", "万元"}
_SCALE = re.compile("[(/:](?:单位:?)?(?:人民币)?([千万亿]?)元[)]?|^([千万亿])元$")
_TITLE_SCALE = re.compile("单位[:：]?(?:人民币)?([千万亿]?)元")
# Words that say homes, amounts and days; any other word may be somebody's name.
_WORDS = re.compile("[\u3400-\u9fff]{2,}")
_PLAIN = set(
    "一二三四五六七八九十百千万亿零〇甲乙丙丁栋幢座号楼单元室层户商铺车位区期元年月日"
)
_MUST_BE_ONE = {Column.UNIT, Column.PRICE, Column.AMOUNT}
_EXACT, _CONTAINED = 1000, 500


@dataclass(frozen=True, kw_only=True, slots=True)
class Header:
    """Where the header ends and the columns it names, by column number."""

    first_row: int
    last_row: int
    columns: Mapping[Column, int]
    choices: tuple[ColumnChoice, ...]

    def scale_of(self, column: Column) -> int:
        """Return how many yuan one unit of a money column is."""
        return next(c.scale for c in self.choices if c.column is column)


def header_of(sheet: SheetCells, chosen: ChosenSheet | None = None) -> Header | None:
    """Find the header row, or rows, of a sheet; None where there is none.

    The best header names most columns; among equals the shortest, then the first.

    Args:
        chosen: what a person has confirmed, in place of what we find.

    Raises:
        StatementUnreadable: two columns could be the unit, the price or the amount,
            and nobody has chosen.
    """
    best = _best(sheet, None if chosen is None else chosen.header_row)
    if best is None:
        return None
    texts, (first, last) = best
    if chosen is None:
        found = _columns_in(texts)
        _refuse_ambiguity(sheet.name, last, found, texts)
        columns: Mapping[Column, int] = {one: ns[0] for one, ns in found.items()}
    else:
        columns = chosen.columns
    general = _general_scale(sheet, last)
    return Header(
        first_row=first,
        last_row=last,
        columns=columns,
        choices=tuple(
            ColumnChoice(
                column=column,
                cell=Cell(last or 1, number, CellKind.TEXT, "").address,
                header=shown(texts.get(number, "")),
                scale=_scale_in(texts.get(number, ""), general)
                if _is_money(column)
                else 1,
            )
            for column, number in sorted(columns.items(), key=lambda item: item[1])
        ),
    )


def proposal_of(sheet: SheetCells, header_row: int | None = None) -> SheetProposal:
    """Return how a sheet would be read, for a person to confirm.

    Where two columns could be the one, neither is proposed: the person chooses.

    Args:
        header_row: the row that a person takes for the header, 0 for none.
    """
    best = _best(sheet, header_row)
    if best is None:
        return SheetProposal(
            name=sheet.name,
            header_row=None,
            columns=(),
            first_rows=_first_rows(sheet),
        )
    texts, (_, last) = best
    found = _columns_in(texts)
    taken = {numbers[0]: one for one, numbers in found.items() if len(numbers) == 1}
    taken |= {found[one][0]: one for one in found.keys() - _MUST_BE_ONE}
    below = [row for row in sorted(sheet.rows) if row > last][:SHOWN_ROWS]
    rows = list(_filled(sheet, below).values())
    return SheetProposal(
        name=sheet.name,
        header_row=last,
        columns=tuple(
            ProposedColumn(
                number=number,
                header=shown(texts.get(number, "")),
                column=taken.get(number),
                first=tuple(
                    _sample(row[number].text, taken.get(number))
                    for row in rows
                    if number in row
                ),
            )
            for number in sorted(texts.keys() | set().union(*rows))
        ),
        first_rows=_first_rows(sheet),
    )


def _first_rows(sheet: SheetCells) -> tuple[tuple[int, tuple[str, ...]], ...]:
    numbers = sorted(sheet.rows)[:PREVIEWED_ROWS]
    rows = [(number, _covered_row(sheet.rows[number])) for number in numbers]
    return tuple((number, tuple(texts.values())) for number, texts in rows)


def _covered_row(cells: Mapping[int, Cell]) -> dict[int, str]:
    """Return the texts of a row: words as they are, unless figures stand beside them.

    A row of words alone is a title or a header; beside figures they may be names.
    """
    is_wordy = not any(char.isdigit() for one in cells.values() for char in one.text)
    return {
        number: shown(cells[number].text)
        if is_wordy
        else _sample(cells[number].text, None)
        for number in sorted(cells)
    }


def _sample(text: str, column: Column | None) -> str:
    """Return a value to be shown: no client's name, nor a name among other words."""
    if column is Column.CLIENT:
        return masked(text)
    if column is not None:
        return shown(text)
    return _WORDS.sub(_masked_unless_plain, shown(text))


def _masked_unless_plain(match: re.Match[str]) -> str:
    word = match.group()
    return word if set(word) <= _PLAIN else masked(word)


def _best(
    sheet: SheetCells, chosen_row: int | None = None
) -> tuple[Mapping[int, str], tuple[int, int]] | None:
    """Return the texts and the rows of the best header, or None.

    Args:
        chosen_row: the last row of the header, as a person says. Where that is the one
            we find, it is that; else it is this row alone.
    """
    best: tuple[int, Mapping[int, str], tuple[int, int]] | None = None
    for first, last, texts in _spans(sheet):
        found = _columns_in(texts)
        score = len(found) if {Column.UNIT, Column.AMOUNT} <= found.keys() else 0
        if score and (best is None or score > best[0]):
            best = (score, texts, (first, last))
    if chosen_row is None or (best is not None and best[2][1] == chosen_row):
        return None if best is None else best[1:]
    texts = _covered_row(_filled(sheet, [chosen_row])[chosen_row])
    plain = {number: plain_text(text).upper() for number, text in texts.items()}
    return plain, (chosen_row, chosen_row)


def _filled(sheet: SheetCells, rows: list[int]) -> dict[int, dict[int, Cell]]:
    """Return the cells of rows, with merged ranges showing their value throughout."""
    filled = {}
    for row, merges in sheet.merges_by_row(rows).items():
        cells = dict(sheet.rows.get(row, {}))
        for merge in merges:
            value = sheet.rows.get(merge.top, {}).get(merge.left)
            if value is not None:
                span = range(merge.left, merge.right + 1)
                cells.update(dict.fromkeys(span, value))
        filled[row] = {n: cells[n] for n in cells if n <= SEARCHED_COLUMNS}
    return filled


def _spans(sheet: SheetCells) -> Iterator[tuple[int, int, Mapping[int, str]]]:
    """Yield every possible header: its rows, and the joined text of each column."""
    rows = sorted(sheet.rows)[:SEARCHED_ROWS]
    texts = {row: _texts(cells) for row, cells in _filled(sheet, rows).items()}
    for depth in range(1, DEEPEST_HEADER + 1):
        for first in rows:
            span = [texts.get(row, {}) for row in range(first, first + depth)]
            if span[-1]:
                numbers = sorted(set().union(*span))
                joined = {n: _joined([row.get(n, "") for row in span]) for n in numbers}
                yield first, first + depth - 1, joined


def _texts(cells: Mapping[int, Cell]) -> dict[int, str]:
    return {
        number: plain_text(cell.text).upper().strip("*:")
        for number, cell in cells.items()
        if cell.kind is CellKind.TEXT and len(cell.text) <= LONGEST_HEADER
    }


def _joined(parts: list[str]) -> str:
    """Join the words of one column from top to bottom, each once."""
    return " ".join(dict.fromkeys(part for part in parts if part))


def _columns_in(texts: Mapping[int, str]) -> dict[Column, list[int]]:
    """Return for each column the numbers that fit it best, more than one on a tie."""
    claims: dict[Column, dict[int, int]] = {}
    for number, text in texts.items():
        for column, score in _meanings(text):
            claims.setdefault(column, {})[number] = score
    # 单元 is the whole unit where no better column is, and the section beside one.
    found: dict[Column, list[int]] = {}
    for column in Column:
        scores = claims.get(column, {})
        free = {
            n: s for n, s in scores.items() if all(n not in f for f in found.values())
        }
        if free:
            top = max(free.values())
            found[column] = [n for n, score in free.items() if score == top]
    return found


def _meanings(text: str) -> Iterator[tuple[Column, int]]:
    parts = [_bare(part) for part in text.split(" ")]
    parts = [part for part in parts if part] or [""]
    is_foreign = FOREIGN.search(text) is not None
    for column, words in SYNONYMS.items():
        score = _score(parts, words)
        if score and not (is_foreign and column in _MUST_BE_ONE):
            yield column, score


def _score(parts: list[str], words: tuple[str, ...]) -> int:
    last = parts[-1]
    named = {last, "".join(parts), parts[0] if last in _GENERIC else last}
    if not named.isdisjoint(words):
        return next(_EXACT - i for i, word in enumerate(words) if word in named)
    if last.endswith(words):
        for index, word in enumerate(words):
            if len(word) > 1 and last.endswith(word) and len(last) <= 2 * len(word) + 2:
                return _CONTAINED - index
    return 0


def _bare(part: str) -> str:
    """Drop units of measure and remarks in parentheses from a header word."""
    return re.sub("[(][^()]*[)]|/[千万亿]?元$|:$", "", part)


def _refuse_ambiguity(
    sheet: str, row: int, columns: Mapping[Column, list[int]], texts: Mapping[int, str]
) -> None:
    for column in sorted(_MUST_BE_ONE & columns.keys()):
        numbers = columns[column]
        if len(numbers) > 1:
            cells = [Cell(row, n, CellKind.TEXT, texts[n]) for n in numbers]
            raise StatementUnreadable(
                COLUMN_AMBIGUOUS,
                sheet=sheet,
                cell=", ".join(cell.address for cell in cells),
                read=", ".join(cell.text for cell in cells),
                expected=column.value,
            )


def _is_money(column: Column) -> bool:
    return column in {Column.PRICE, Column.AMOUNT}


def _scale_in(text: str, general: int) -> int:
    for part in reversed(text.split(" ")):
        if match := _SCALE.search(part):
            return SCALES[match[1] or match[2] or ""]
    return general


def _general_scale(sheet: SheetCells, last_row: int) -> int:
    """Return the scale of a title such as 单位：万元, or 1."""
    for row in sorted(row for row in sheet.rows if row <= last_row):
        for cell in sheet.rows[row].values():
            if match := _TITLE_SCALE.search(plain_text(cell.text)):
                return SCALES[match[1]]
    return 1
