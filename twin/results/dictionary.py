"""The dictionary of metrics: one table, so that map, memo and every printed table say the same thing.

The functions stand in `metrics`, `bus_metrics`, `service_metrics`, `link_metrics`, `parking_metrics`, `place_metrics`,
`reach_metrics`, `emissions`, `losers` and `rider_losers`, joined by key in `measuring.FUNCTIONS`; `twin metrics` prints
the table.
"""

from twin.results.bus_words import BUS_WORDS
from twin.results.metric_words import MetricWords
from twin.results.parking_words import PARKING_WORDS
from twin.results.reach_words import REACH_WORDS
from twin.results.service_words import SERVICE_WORDS
from twin.results.street_words import STREET_WORDS
from twin.results.trip_words import TRIP_WORDS

HEADLINE = (
    "mean_travel_time_s",
    "p95_travel_time_s",
    "mean_delay_s",
    "vehicle_hours",
    "vehicle_km",
    "mean_speed_kmh",
    "tti",
    "tpi",
    "bus_speed_kmh",
    "mean_search_s",
    "no_space_share",
    "unfinished_share",
)
"""The short set that every study prints, in order."""

_EVERY = TRIP_WORDS | PARKING_WORDS | STREET_WORDS | BUS_WORDS | SERVICE_WORDS | REACH_WORDS

METRICS: dict[str, MetricWords] = {metric: _EVERY[metric] for metric in dict.fromkeys((*HEADLINE, *_EVERY))}
"""Every metric by key: the headline set first, then trips, streets and what else is measured."""
