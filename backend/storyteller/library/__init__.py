"""What is kept of the reader's own work: manuscripts, their revisions, runs, age sessions."""
