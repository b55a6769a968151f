"""Numbers of things, as a sentence names them."""


def format_count(number: int, one: str, many: str = "") -> str:
    """`1 transfer`, `1,000 transfers`; `many` is for a plural that is not `one` with an s."""
    return f"{number:,} {one if number == 1 else many or f'{one}s'}"
