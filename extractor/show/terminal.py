"""The terminal view. Nothing of a note is ever read as mark-up, and control characters are shown as symbols."""

from __future__ import annotations

from rich.box import SIMPLE_HEAD
from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from extractor.note import Note
from extractor.result import Flag, Result
from extractor.show import view

_STYLES = {
    "problem": "bold red underline",
    "guidance": "bold cyan",
    "side": "bold yellow",
    "device": "bold green",
    "target": "bold magenta",
    "location": "bold blue",
    "complication": "bold bright_red",
    "procedure": "bold",
    "documentation": "underline",
}
_SEVERITY_STYLES = {"blocking": "bold white on red", "coding": "bold yellow", "compliance": "cyan", "quality": "dim"}
_DISPOSITION_STYLES = {
    "ready": "bold black on green", "query": "bold white on red", "review": "bold black on yellow",
    "not_reportable": "bold black on white",
}  # fmt: skip
_CONTROLS = {
    **{code: chr(0x2400 + code) for code in range(32) if chr(code) not in "\n\t"},
    **dict.fromkeys(range(0x7F, 0xA0), "␡"),
    ord("\r"): "",
}


def print_result(note: Note, result: Result, console: Console) -> None:
    """Print the note with its evidence marked, the recommendation, the lesions, the flags and the elements."""
    made = result.recommendation
    head = Text.assemble(
        (f" {made.disposition.replace('_', ' ').upper()} ", _DISPOSITION_STYLES[made.disposition]),
        f"  {view.DISPOSITIONS[made.disposition]}",
    )
    console.print(Panel(_note_text(note.text, result, console.color_system is not None), title=_plain(note.note_id)))
    console.print(_legend())
    console.print()
    console.print(head)
    console.print(Padding(_recommendation(result), (0, 0, 1, 2)))
    if result.lesions:
        console.print(_lesions(result))
    _print_flags(result, console)
    console.print(_documentation(result))
    p = result.provenance
    console.print(_plain(f"extractor {p.extractor}, {p.ruleset}, policy {p.policy}. {p.notice or ''}"), style="dim")


def _plain(text: str) -> Text:
    return Text(text.translate(_CONTROLS))


def _note_text(text: str, result: Result, coloured: bool) -> Text:
    shown = Text()
    cut = view.pieces(text, view.marks(result))
    for number, piece in enumerate(cut):
        begins = piece.kinds and not (number and cut[number - 1].kinds)
        ends = piece.kinds and not (number + 1 < len(cut) and cut[number + 1].kinds)
        # Without colour, quotation marks show where evidence begins and ends.
        shown.append("«" if begins and not coloured else "")
        shown.append(piece.text.translate(_CONTROLS), style=_STYLES[piece.kind] if piece.kind and coloured else "")
        shown.append("»" if ends and not coloured else "")
        shown.append(f"[{piece.label}]" if piece.label else "", style="dim")
    return shown


def _legend() -> Text:
    legend = Text("evidence: ", style="dim")
    for kind, letter in view.KINDS.items():
        legend.append(f"[{letter}] ", style="dim").append(view.KIND_NAMES[kind], style=_STYLES[kind]).append("  ")
    return legend


def _line(code: str, rationale: str, rules: list[str]) -> Text:
    return Text.assemble((code, "bold"), f"  {rationale}  ", (f"({', '.join(rules)})", "dim"))


def _recommendation(result: Result) -> RenderableType:
    made = result.recommendation
    lines: list[RenderableType] = [_line(view.code_text(each), each.rationale, each.rules) for each in made.codes]
    lines += [_line(dx.code, dx.rationale, dx.rules) for dx in made.diagnoses]
    lines += [_plain(f"- {reason}") for reason in made.reasons]
    for candidate in made.candidates:
        codes = "; ".join(view.code_text(line) for line in candidate.codes) or "no code"
        lines.append(Text.assemble((f"{candidate.condition}: ", "italic"), (codes, "bold")))
    for status, what in (("bundled", "never beside it"), ("separate", "may stand beside it where documented")):
        beside = [code for companion in made.companions if companion.status == status for code in companion.codes]
        if beside:
            lines.append(Text(f"{what}: {', '.join(beside)}", style="dim"))
    if made.confidence is not None:
        lines.append(Text(f"confidence {made.confidence:.3f}"))
    return Group(*lines)


def _lesions(result: Result) -> Table:
    table = Table(title="Lesions", title_justify="left", title_style="bold", box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    elsewhere = any(lesion.site != "breast" for lesion in result.lesions)
    for column in ("#", "site" if elsewhere else "", "side", "guidance", "device", "target", "location", "outcome"):
        if column:
            table.add_column(column, overflow="fold", no_wrap=column not in ("device", "location"))
    for lesion in result.lesions:
        table.add_row(
            str(lesion.number),
            *([view.words(lesion.site)] if elsewhere else []),
            view.words(lesion.laterality),
            view.guidance_text(lesion).replace(" with ", "\nwith "),
            _plain("\n".join(map(view.device_text, lesion.devices)) or "none"),
            view.words(lesion.target) + ("\nbiopsied" if lesion.biopsied else ""),
            _plain(view.location_text(lesion.location)),
            view.words(lesion.outcome),
        )
    return table


def _print_flags(result: Result, console: Console) -> None:
    if not result.flags:
        return
    console.print()
    console.print("Flags, worst first", style="bold")
    for flag in result.flags:
        console.print(_flag(flag))


def _flag(flag: Flag) -> RenderableType:
    head = Text.assemble((f" {flag.severity} ", _SEVERITY_STYLES[flag.severity]), " ", (flag.id, "bold"), "  ")
    head.append_text(_plain(flag.message))
    parts: list[RenderableType] = [head]
    if flag.query:
        q = flag.query
        text = _plain(f"Query: {q.title}\n{q.question}")
        for quote in q.indicators:
            text.append_text(_plain(f"\n  “{' '.join(quote.text.split())}”"))
        for option in q.options:
            text.append_text(_plain(f"\n  [ ] {option}"))
        text.append_text(_plain(f"\n{q.response_instruction}"))
        parts.append(Padding(text, (0, 0, 1, 4)))
    return Group(*parts)


def _documentation(result: Result) -> Text:
    shown = Text("\nDocumentation  ", style="bold")
    styles = {"present": "green", "missing": "bold red", "conflicting": "bold red", "not_applicable": "dim"}
    for element in result.documentation:
        mark = view.STATUS_MARKS[element.status]
        shown.append(f"{mark} {view.words(element.element)}", style=f"not bold {styles[element.status]}").append("  ")
    return shown.append("\n(✓ present  ✗ missing  ≠ conflicting  – not applicable)", style="not bold dim")
