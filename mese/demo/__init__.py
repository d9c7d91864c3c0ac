"""The embedded corpus: true facts, our own sentences, and pictures drawn from the facts."""
