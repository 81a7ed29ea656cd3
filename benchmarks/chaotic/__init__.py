"""What the chaos runs are made of: journals, senders, receivers, who kills whom, and the checker."""
