from twin.advice.parking_costs import (
    SPACE_COSTS,
    YEARS,
    break_even_min,
    build_cost_yuan,
    kind_of_place,
    yearly_cost_yuan,
)


def test_a_place_of_more_than_150_spaces_is_a_garage_and_costs_as_one() -> None:
    assert (kind_of_place(150), kind_of_place(151)) == ("lot", "garage")
    assert build_cost_yuan(100) == 100 * SPACE_COSTS["lot"].build_yuan
    assert build_cost_yuan(400) == 400 * SPACE_COSTS["garage"].build_yuan


def test_yearly_cost_pays_back_what_was_built_with_interest() -> None:
    """The payments of 25 years, each worth 5 % less than the one before, add up to what the space cost."""
    payment = yearly_cost_yuan("lot") - SPACE_COSTS["lot"].run_yuan_a_year
    assert round(sum(payment / 1.05**year for year in range(1, YEARS + 1))) == SPACE_COSTS["lot"].build_yuan


def test_a_garage_must_save_more_minutes_than_a_lot_and_a_lot_more_than_a_kerb() -> None:
    assert break_even_min("garage") > break_even_min("lot") > break_even_min("kerb") > 0.0
