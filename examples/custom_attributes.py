"""Attributes, metadata and metrics of one's own, on spans and in a record. Run: python examples/custom_attributes.py"""

import otelwod
from otelwod.stages.pipeline import Pipeline
from otelwod.stages.taskrun import RecordError, set_output
from otelwod.testing import CapturedSpans


@otelwod.stage(attributes={"shop.team": "orders"})  # on every span of this stage
def price(order: dict[str, int]) -> int:
    otelwod.annotate("shop.order.items", sum(order.values()))  # on the span of this call
    otelwod.metric("discount", 5, "%")  # a number with a time: an event of the span
    return sum(order.values()) * 95


class Bill(otelwod.PipelineStage[dict[str, int], int]):
    """A stage of a pipeline: its span is current while it executes."""

    def execute(self, order: dict[str, int]) -> int:
        otelwod.annotate("shop.order.kinds", len(order))
        return price(order)


@otelwod.boundary("ledger")
def book(cents: int) -> str:
    otelwod.annotate("ledger.account", "A-17")
    return f"booked {cents}"


def main() -> None:
    orders = [{"tea": 2}, {"tea": 1, "milk": 3}]
    with CapturedSpans().installed() as captured, otelwod.task("billing", input=orders) as run:
        bills = Pipeline("bill", [Bill()]).run(orders).outputs
        set_output(run, book(sum(bills)))
        run.set_metadata({"region": "north", "api_key": "hunter2"})
        run.set_metrics([("counter", "orders", len(orders)), ("gauge", "total_cents", sum(bills))])
        try:
            run.set_metrics([("gauge", "average", float("nan"))])
        except RecordError as error:
            print(error)
    print(captured.tree(["shop.team", "shop.order.items", "shop.order.kinds", "ledger.account"], events=True))
    print(run.output, run.metadata, [(each.name, each.value) for each in run.metrics])
    print({name: len(timings) for name, timings in run.timings().items()})


if __name__ == "__main__":
    main()
