"""From the store to a bundle: datasets, objectives, the loop, evaluation."""
