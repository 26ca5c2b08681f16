"""What pairing is worth: deviation of paired differences over what it would be if pairs were not known.

`python benchmarks/pairing.py runs/baseline--yantai-2024` reads a finished comparison and prints one line a measure,
city-wide. A ratio r means that unpaired runs would need 1/r² times as many days for the same interval (Law 2015,
section 11.2). `docs/statistics.md` records what it printed for Yantai.
"""

import argparse
from pathlib import Path

from twin.files.results_files import read_comparison
from twin.results.dictionary import METRICS
from twin.results.verdicts import PRIMARY_METRICS

HEADLINES = (*PRIMARY_METRICS, "vehicle_hours", "mean_travel_time_s", "tpi")
MOST_RATIO = 0.70


def main() -> None:
    """Print the table, and whether every headline stays within the ratio."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="a finished comparison")
    comparison = read_comparison(parser.parse_args().folder)
    rows = comparison.rows[comparison.rows["area"] == "city"].set_index("metric")
    print(f"{comparison.meta['before']} → {comparison.meta['after']}, {len(comparison.meta['seeds'])} pairs\n")
    print("| measure | unit | paired sd | unpaired sd | ratio | correlation |")
    print("|---|---|---|---|---|---|")
    worst = 0.0
    for metric in HEADLINES:
        row = rows.loc[metric]
        ratio = row["paired_sd"] / row["unpaired_sd"]
        worst = max(worst, ratio)
        print(
            f"| {METRICS[metric].name.en} | {row['unit']} | {row['paired_sd']:.3g} | {row['unpaired_sd']:.3g} | "
            f"{ratio:.2f} | {row['correlation']:.2f} |"
        )
    print(f"\nlargest ratio {worst:.2f}, asked for: at most {MOST_RATIO:.2f}")


if __name__ == "__main__":
    main()
