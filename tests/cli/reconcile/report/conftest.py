from tests.cli.credit.conftest import counter

__all__ = ["counter"]
