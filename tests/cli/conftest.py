import pytest


@pytest.fixture(scope="session")
def thermometer_csv(seeds):
    golden = seeds["thermometer"]
    rows = zip(golden["t_c"], golden["t_u"], strict=True)
    return "celsius,unknown\n" + "".join(f"{celsius},{unknown}\n" for celsius, unknown in rows)
