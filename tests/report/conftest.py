from tests.credit.conftest import counter

__all__ = ["counter"]
