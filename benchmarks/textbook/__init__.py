"""The same work as a textbook would do it with Celery: a message an event, a message a notification."""
