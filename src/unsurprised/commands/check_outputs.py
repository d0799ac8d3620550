"""What ``check`` writes and prints."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from unsurprised.commands.page import declared_page

if TYPE_CHECKING:
    from collections.abc import Mapping

    import typer

    from unsurprised.commands.outputs import Outputs
    from unsurprised.comparison.check import Check
    from unsurprised.writing import Target


@dataclass(frozen=True, slots=True)
class CheckOutputs:
    """Where a check is to be written."""

    json: Target | None
    junit: Target | None
    page: Target | None

    @classmethod
    def declared(cls, outputs: Outputs, told: Mapping[str, Any]) -> CheckOutputs:
        """The targets, before the work."""
        from unsurprised.writing import own, recognition

        return cls(
            outputs.declare("--json", told["json"], own(recognition.json_of("unsurprised.check"))),
            outputs.declare("--junit", told["junit"], own(recognition.junit())),
            declared_page(outputs, told["html"], "check"),
        )

    def write(
        self,
        found: Check,
        outputs: Outputs,
        context: typer.Context,
        models: list[str],
        *,
        of_states: bool = False,
    ) -> None:
        """Write what was found, and print it."""
        from unsurprised.writing import standard_output

        if self.json is not None:
            self.json.write(found.to_json())
        if self.junit is not None:
            self.junit.write(found.to_junit())
        if outputs.print_report:
            with standard_output():
                _print(found, context, models, of_states=of_states)


def _print(
    found: Check, context: typer.Context, models: list[str], *, of_states: bool = False
) -> None:
    from unsurprised.commands.next_commands import next_command, screen_of
    from unsurprised.report.check.text import headline, lines
    from unsurprised.report.terminal import put

    told = context.params
    if told["quiet"]:
        print(headline(found))
        return
    last = ("--pred", told["pred"][-1]) if told["pred"] else ()
    commands = {}
    if told["html"] is None:
        commands["html"] = next_command(context, "check", models, "--html", "check.html")
    of_tokens = told["max_kl"] is not None or told["min_agreement"] is not None
    if of_tokens and not of_states:
        commands["fidelity"] = next_command(
            context, "fidelity", models, without=["max_kl", "min_agreement"]
        )
    elif not of_states and (len(models) > 1 or len(told["pred"] or []) > 1):
        commands["compare"] = next_command(context, "compare", models)
    if told["max_bits"] is not None:
        commands["evaluate"] = next_command(
            context, "evaluate", models[-1:], *last, without=["pred"]
        )
    put(lines(found, screen_of(context, {}, commands)))
