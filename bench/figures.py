"""Numbers as benches print them."""

from collections.abc import Sequence


def quantile(values: Sequence[float], share: float) -> float:
    """The value below which `share` of all lie; nan of nothing."""
    if not values:
        return float("nan")
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def spread(seconds: Sequence[float]) -> str:
    """p50, p95 and p99 in milliseconds."""
    parts = [f"p{round(share * 100)} {quantile(seconds, share) * 1000:.1f}" for share in SHARES]
    return " · ".join(parts) + " ms"


def say(what: str, told: str) -> None:
    print(f"   {what:44} {told}", flush=True)


SHARES = (0.5, 0.95, 0.99)
