"""What may be forgotten at any moment: answers, counters, logs of runs."""
