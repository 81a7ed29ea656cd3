"""The types of event, one module a domain (the first word of the name). ``schemas.catalogue`` finds them by itself."""
